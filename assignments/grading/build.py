"""Writes what students and instructors get of a set."""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat

from assignments.grading import check, sets
from assignments.grading.course import Course, write
from assignments.grading.tables import read_roster

ROOT = sets.ASSIGNMENTS.parent
# a zip file of the same content has the same bytes
STAMP = (2026, 1, 1, 0, 0, 0)
README = """{title}

{minutes} minutes, {points:g} points. Chapters of the book that it builds on: {chapters}.

Open {name}.ipynb in JupyterLab. It needs Python 3.11, 3.12 or 3.13 with JupyterLab and convlib:

    pip install jupyterlab
    pip install "{wheel}[figures]"

Type who you are into the cell with STUDENT_ID. Answer in the cells that say so. Before you hand in, choose
 "Restart Kernel and Run All Cells": what works then will work when it is graded. Hand in {name}.ipynb.
"""


def build(of_set, out, roster=None):
    """Write a set's files for a course; returns their paths.

    of_set : Set
    out : Path, a folder: NAME.zip for students, instructor/ with solutions and rubric, course/ for nbgrader
    roster : Path of a CSV file with the columns ``submitted`` and ``student``, for instructor/answers.csv
    """
    out.mkdir(parents=True, exist_ok=True)
    course = Course(out / "course", of_set)
    release = course.release()
    faults = [*check.faults_of_text(of_set), *check.faults_of_release(of_set, release)]
    if faults:
        raise ValueError(f"{of_set.name} is not fit to be handed out: {'; '.join(faults)}")
    made = [
        write_zip(of_set, release, out / f"{of_set.name}.zip"),
        *write_instructor(of_set, out / "instructor", roster),
    ]
    return [*made, course.folder]


def write_zip(of_set, release, path):
    with tempfile.TemporaryDirectory() as work:
        wheel = make_wheel(Path(work))
        about = of_set.about
        readme = README.format(
            name=of_set.name,
            title=about["title"],
            minutes=about["minutes"],
            points=sum(of_set.points.values()),
            chapters=", ".join(about["chapters"]),
            wheel=wheel.name,
        )
        files = {
            f"{of_set.name}.ipynb": nbformat.writes(release).encode(),
            "README.txt": readme.encode(),
            wheel.name: wheel.read_bytes(),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(f"{of_set.name}/{name}", STAMP), data, zipfile.ZIP_DEFLATED)
    return path


def make_wheel(folder):
    """convlib as one file to install."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    with tempfile.TemporaryDirectory() as work:  # setuptools leaves things where it builds
        shutil.copytree(ROOT / "convlib", Path(work, "convlib"), ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "LICENSE"):
            shutil.copy(ROOT / name, work)
        subprocess.run([*command, "--wheel-dir", str(folder), work], check=True)
    return next(folder.glob("convlib-*.whl"))


def write_instructor(of_set, folder, roster):
    folder.mkdir(exist_ok=True)
    solved, rubric = folder / f"{of_set.name}_solved.ipynb", folder / "rubric.md"
    write(solved, of_set.notebook)
    rubric.write_text(rubric_of(of_set), encoding="utf-8")
    made = [solved, rubric]
    if roster:
        made.append(write_answers(of_set, roster, folder / "answers.csv"))
    return made


def rubric_of(of_set):
    about, points = of_set.about, of_set.points
    lines = [
        f"# {about['title']}",
        "",
        f"{about['part']}. {about['minutes']} minutes, {sum(points.values()):g} points.",
        "",
    ]
    lines += ["Students will be able to", "", *[f"- {goal}" for goal in about["goals"]], ""]
    lines += ["Chapters: " + ", ".join(about["chapters"]), ""]
    for name, tests in of_set.questions.items():
        lines += [f"## {name}, {sum(points[test] for test in tests):g} points", ""]
        if name in about["rubric"]:
            lines += ["Marked by hand.", "", "| points | for |", "|---|---|"]
            lines += [f"| {step['points']:g} | {step['for']} |" for step in about["rubric"][name]]
        else:
            lines += [f"- {test}: {points[test]:g}" for test in tests]
            lines += ["", f"Typical mistakes: {about['mistakes'][name]}"]
        lines.append("")
    return "\n".join(lines)


def write_answers(of_set, roster, path):
    """The numbers of each student, and what is right for them."""
    students = list(read_roster(roster).values())
    questions = [
        cell for cell in of_set.cells("answer") if check.numbers_of(of_set) & check.used_in(cell.source)
    ]
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["student", "numbers", "answers"])
        for student in students:
            names = check.setup(of_set, student)
            answers = {}
            for cell in questions:
                answers |= check.run(cell.source, names)
            numbers = {name: names[name] for name in sorted(check.numbers_of(of_set))}
            table.writerow([student, json.dumps(numbers, default=str), json.dumps(answers, default=str)])
    return path
