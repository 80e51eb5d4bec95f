"""Grades all submissions of a class, and writes what an instructor and the students read."""

import csv
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from assignments.grading import sets
from assignments.grading.collect import collect
from assignments.grading.course import Course, write
from assignments.grading.judge import SECONDS_IN_ALL
from assignments.grading.kernel import adopt_orphans, end_children, has_sandbox
from assignments.grading.marking import marking_page
from assignments.grading.tables import is_mark, read_graded, read_marks, read_roster, unused

PATIENCE = 2 * SECONDS_IN_ALL  # seconds for one submission, the start of its processes included
# what students' notebooks call of the library most, besides what the solution does
WARM = """
import numpy as np, convlib
for kind in (np.float64, np.float32, np.int64):
    image, weight = np.ones((1, 2, 6, 6), kind), np.ones((2, 2, 3, 3), kind)
    convlib.conv2d(image, weight, padding=1)
    convlib.max_pool2d(image, 2)
    convlib.pad(image, (1, 1, 1, 1))
"""


@dataclass
class Row:
    """What became of a submission."""

    student: str
    status: str
    scores: dict = field(default_factory=dict)  # {test or explanation: points, or None}
    notes: list = field(default_factory=list)

    @property
    def graded(self):
        return bool(self.scores)


def grade(of_set, where, out, seeds=None, roster=None, feedback=True, say=print):
    """Grade what is in a folder or a zip file; returns the rows.

    of_set : Set
    where : Path, the submissions
    out : Path, a folder for grades.csv, feedback/, hand_marking.html, hand_marks.csv and nbgrader's course
    seeds : random seeds of the hidden tests; a new one for each run if there are none
    roster : Path of a CSV file with the columns ``submitted`` (a name in the submissions) and ``student``

    What an earlier run has left in ``out`` is replaced when everything new is there. If that named
    students who are missing now, or has a table that cannot be read, the table stays as grades_before.csv.
    """
    out = Path(out).resolve()
    seeds = seeds or [secrets.randbits(31)]
    adopt_orphans()
    names = read_roster(Path(roster)) if roster else None
    try:
        earlier, warning = read_graded(out / "grades.csv"), ""
    except ValueError as error:
        earlier, warning = [], str(error)
    kept = out / "hand_marks.csv"
    marks, before = read_marks(of_set, kept), kept.exists() and kept.read_bytes()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=out, ignore_cleanup_errors=True) as new:
        rows = grade_into(Path(new), of_set, where, seeds, names, marks, feedback, say)
        if (kept.exists() and kept.read_bytes()) != before:
            (Path(new) / "hand_marks.csv").unlink()
            say(f"{kept} was saved while this ran, and is left as it is. Grade again to use its marks.")
        left_out = [student for student in earlier if student not in {row.student for row in rows}]
        if left_out:
            warning = f"graded before, but not among these submissions: {', '.join(left_out)}"
            warning += "; grade the complete zip file"
        if warning:
            (out / "grades.csv").replace(out / "grades_before.csv")
            say(f"Warning: {warning}. The table before this one is kept: {out / 'grades_before.csv'}")
        put_in_place(Path(new), out)
    say(f"seed of the hidden tests: {seeds[0]}; with SEED={seeds[0]} the next run draws the same inputs")
    return rows


def grade_into(out, of_set, where, seeds, names, marks, feedback, say):
    """Write all results into an empty folder, with the roster's names and the marks by hand known so far."""
    course = Course(out / "course", of_set)
    submissions = collect(of_set, course.release(), where)
    expected = rename(submissions, names) if names else []
    for warning in [
        *other_courses(of_set, submissions),
        *unused(of_set, marks, {each.student for each in submissions}),
    ]:
        say(f"Warning: {warning}")
    if not has_sandbox():
        say("No bubblewrap here: students' programs run with your rights. See book/instructors.md.")

    rows, total = [], len(submissions)
    with tempfile.TemporaryDirectory(prefix="grading-") as work, ThreadPoolExecutor(os.cpu_count()) as pool:
        compiled = warm(of_set, Path(work))
        running = {
            pool.submit(outcome_of, of_set, each, seeds, Path(work), compiled): each for each in submissions
        }
        for done in as_completed(running):
            row = enter(course, running[done], *done.result())
            enter_marks(course, row, marks)
            rows.append(row)
            say(f"[{len(rows)}/{total}] {row.student}: {row.status}{brief(of_set, row)}")
    end_children()  # of judges that were ended themselves
    rows += [Row(student, "no submission") for student in expected]
    rows.sort(key=lambda row: row.student)
    if feedback:
        write_feedback(course, rows, out / "feedback")
    write_grades(of_set, rows, out / "grades.csv")
    write_marking(of_set, course, rows, marks, out)
    return rows


def put_in_place(new, out):
    """Move what is in ``new``, a folder inside ``out``, to ``out``; replaced folders stay in ``new``."""
    for path in sorted(new.iterdir(), key=Path.is_dir):  # files first: one that is open elsewhere may refuse
        if path.is_file():
            path.replace(out / path.name)
            continue
        if (out / path.name).exists():
            (out / path.name).rename(new / f"old-{path.name}")
        path.rename(out / path.name)


def rename(submissions, names):
    """Give the submissions the students' names of the roster; returns who has handed in nothing."""
    for submission in submissions:
        if submission.student in names:
            submission.student = names[submission.student]
        else:
            submission.notes.append("not in the roster")
    return sorted(set(names.values()) - {submission.student for submission in submissions})


def other_courses(of_set, submissions):
    """Sentences on notebooks that were handed out for another course than the one given."""
    found = Counter(each.course for each in submissions if each.course not in (None, of_set.course))
    for course, count in found.items():
        yield (
            f"notebooks say COURSE {course!r}, you gave {of_set.course!r}: {count} of {len(submissions)}. "
            "Students' numbers hang on it; if yours is wrong, stop with Ctrl+C."
        )


def warm(of_set, work):
    """A folder with convlib's compiled code, so that not every submission compiles it anew."""
    (work / "warm").mkdir()
    notebook, compiled = work / "warm" / "notebook.ipynb", work / "compiled"
    solution = of_set.solved("warm")
    solution.cells.append(nbformat.v4.new_code_cell(WARM))
    write(notebook, solution)
    run_judge(of_set, notebook, "warm", [0], work / "warm" / "outcome.json", compiled)
    return compiled


def outcome_of(of_set, submission, seeds, work, compiled):
    """(outcome, problem): what the judge says of a submission, or why it says nothing."""
    if submission.problem:
        return None, submission.problem
    here = Path(tempfile.mkdtemp(dir=work))
    write(here / "notebook.ipynb", submission.notebook)
    problem = run_judge(
        of_set, here / "notebook.ipynb", submission.student, seeds, here / "outcome.json", compiled
    )
    if problem:
        return None, problem
    outcome = json.loads((here / "outcome.json").read_text(encoding="utf-8"))
    shutil.rmtree(here)
    return outcome, ""


def run_judge(of_set, notebook, student, seeds, outcome, compiled):
    """Judge one submission in a process of its own; returns why there is no outcome, or nothing."""
    command = [
        sys.executable,
        "-m",
        "assignments.grading.judge",
        of_set.name,
        of_set.course,
        str(notebook),
        student,
    ]
    command += [str(outcome), str(compiled), *map(str, seeds)]
    judge = subprocess.Popen(
        command,
        cwd=sets.ASSIGNMENTS.parent,
        env=os.environ | dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, errors = judge.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        judge.kill()
        judge.communicate()
        return f"not done within {PATIENCE} seconds"
    if judge.returncode < 0:
        return f"the judge was ended by {signal.Signals(-judge.returncode).name}"
    if judge.returncode or not outcome.exists():
        return f"the judge failed: {errors.strip().splitlines()[-1] if errors.strip() else judge.returncode}"
    return ""


def enter(course, submission, outcome, problem):
    """Put an outcome into the gradebook; a submission without one gets a row and no points."""
    if not problem:
        try:
            course.autograde(submission.student, submission.notebook, outcome)
            return Row(
                submission.student,
                "graded",
                verdicts(course, submission.student, outcome),
                submission.notes + outcome["notes"],
            )
        except Exception as error:
            problem = f"nbgrader failed: {str(error).strip().splitlines()[-1][:200]}"
    return Row(submission.student, f"not graded: {problem}", notes=submission.notes)


def verdicts(course, student, outcome):
    """{test or explanation: points}: the judge's for tests, nbgrader's for the others.

    A student's process could reach the gradebook where there is no sandbox, but not the judge's memory.
    """
    points, entered = course.set.points, course.scores(student)
    passed = {name: all(told["passed"] for told in outcomes) for name, outcomes in outcome["tests"].items()}
    return {name: points[name] * passed[name] if name in passed else entered[name] for name in points}


def brief(of_set, row):
    if not row.graded:
        return ""
    known = [score for score in row.scores.values() if score is not None]
    to_mark = len(row.scores) - len(known)
    return f", {sum(known):g} of {sum(of_set.points.values()):g}" + f", {to_mark} to be marked" * (
        to_mark > 0
    )


def enter_marks(course, row, marks):
    """Put a student's marks by hand into the gradebook and the row."""
    for question in row.scores:
        line = marks.get((row.student, question))
        if line and line["points"]:
            row.scores[question] = float(line["points"])
            course.mark(row.student, question, row.scores[question], line.get("comment", ""))


def write_feedback(course, rows, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        if row.graded:
            shutil.copyfile(course.feedback(row.student), folder / f"{row.student}.html")


def write_grades(of_set, rows, path):
    """A row each; no points where nothing was graded, and no total where something is still to be marked."""
    questions = of_set.questions
    heads = ["student", "status", "total", *questions, "out of", "notes"]
    with open(path, "w", newline="", encoding="utf-8-sig") as file:  # with a mark by which Excel knows UTF-8
        table = csv.writer(file)
        table.writerow(heads)
        for row in rows:
            scores = {name: total(row.scores, tests) for name, tests in questions.items()}
            status = row.status
            if row.graded and None in row.scores.values():
                status = "graded, to be marked by hand: " + ", ".join(
                    n for n, s in scores.items() if s is None
                )
            whole = total(scores, questions) if row.graded else None
            shown = [show(score) for score in (whole, *scores.values())]
            table.writerow(
                [row.student, status, *shown, show(sum(of_set.points.values())), "; ".join(row.notes)]
            )


def total(scores, names):
    """The sum of some scores; None if one is not known."""
    found = [scores.get(name) for name in names]
    return None if None in found else sum(found)


def show(score):
    return "" if score is None else f"{score:g}"


def write_marking(of_set, course, rows, marks, out):
    """The answers in words side by side, and a table for their marks; marks of others stay in both."""
    answers, lines = {}, {}
    for question in [sets.grade_id(cell) for cell in of_set.cells("explain")]:
        answers[question] = []
        for row in rows:
            if not row.graded:
                continue
            line = marks.get((row.student, question), {})
            points, comment = line.get("points", ""), line.get("comment", "")
            submitted = nbformat.read(course.path("submitted", row.student), as_version=4)
            text = next(cell.source for cell in submitted.cells if sets.grade_id(cell) == question)
            answers[question].append((row.student, text, points, comment))
            lines[row.student, question] = (points, comment)
    others = [
        (*key, line["points"], line.get("comment", ""))
        for key, line in marks.items()
        if key not in lines and is_mark(line)
    ]
    with open(out / "hand_marks.csv", "w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["student", "question", "points", "comment"])
        table.writerows((*key, *line) for key, line in lines.items())
        table.writerows(others)
    (out / "hand_marking.html").write_text(marking_page(of_set, answers, others), encoding="utf-8")
