"""A class in one command: perfect, partial, damaged and hostile submissions, in three layouts.

``test_check`` grades all of the set's known wrong answers. Here are three of them; with CONVLIB_WALK, all.
"""

import csv
import io
import os
import shutil
import time
import zipfile

import nbformat
import psutil
import pytest

from assignments.grading import classroom, sets
from assignments.grading.kernel import has_sandbox
from assignments.tests.hostile import ALL, BANK, CONV2D, MENDED, NAME, file_of

SIZE, PARTIAL = (60, None) if os.environ.get("CONVLIB_WALK") else (50, 3)
MINUTES = 20  # ten on a machine that does nothing else
PERFECT = [
    "张伟",
    "王 小明",
    "María José Núñez",
    "O'Brien, Pat",
    "Åsa Öberg",
    "Иван Петров",
    "stu-17",
    "x",
    "李娜 (2)",
]
LAYOUTS = {
    "plain": "{student}/{file}",
    "Moodle": "{student}_48213_assignsubmission_file_/{file}",
    "Canvas": "{student}_LATE_4711_88012_{file}",
}


def handed_in():
    """{student: (file's name, bytes)} for the class, and {student: points by program, or None}."""
    of_set = sets.load(NAME)
    files, points = {}, {}
    for name, (make, earned, _) in BANK.items():
        files[name], points[name] = make(of_set.solved(name)), earned
    for name in PERFECT:
        files[name], points[name] = file_of(of_set.solved(name)), ALL
    for number, mistake in enumerate(of_set.mistakes[:PARTIAL]):
        name = f"partial {number}"
        files[name], points[name] = file_of(of_set.solved(name, mistake)), "partial"
    return files, points


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """(rows by student, expected points, folder of results, minutes)."""
    files, points = handed_in()
    work = tmp_path_factory.mktemp("class")
    with zipfile.ZipFile(work / "submissions.zip", "w") as archive:
        for number, (student, (file, data)) in enumerate(files.items()):
            layout = list(LAYOUTS.values())[number % len(LAYOUTS)]
            archive.writestr(layout.format(student=student, file=file), data)
    start = time.monotonic()
    rows = classroom.grade(sets.load(NAME), work / "submissions.zip", work / "out")
    minutes = (time.monotonic() - start) / 60
    return {row.student: row for row in rows}, points, work / "out", minutes


def by_program(row):
    return sum(score for name, score in row.scores.items() if name != "unread")


def test_the_points_of_the_bank_are_those_of_the_set():
    of_set = sets.load(NAME)
    points, questions = of_set.points, of_set.questions
    assert sum(points.values()) - points["unread"] == ALL
    assert sum(points[test] for test in questions["conv2d"]) == CONV2D
    assert sum(points[test] for test in questions["mended"]) == MENDED


def test_everybody_has_a_row(graded):
    rows, points, _, minutes = graded
    assert len(rows) >= SIZE and set(rows) == set(points)
    assert minutes < MINUTES


@pytest.mark.parametrize("name", BANK)
def test_damage_and_tricks_gain_nothing_and_lose_nothing_else(graded, name):
    row, (_, earned, words) = graded[0][name], BANK[name]
    if name in ("reads the source folder", "kills its parents") and not has_sandbox():
        pytest.skip("no bubblewrap on this machine: a student's process can do what its user can")
    if earned is None:
        assert not row.scores and row.status.startswith("not graded: ") and words in row.status
    else:
        assert (row.status, by_program(row)) == ("graded", earned), row
        assert words in "; ".join(row.notes)


def test_the_others_get_what_they_have_earned(graded):
    rows, points, _, _ = graded
    for student, earned in points.items():
        if earned == "partial":
            assert 0 < by_program(rows[student]) < ALL
        elif earned is not None:
            assert by_program(rows[student]) == earned, student


def test_no_process_is_left_behind(graded):
    time.sleep(1)
    left = psutil.Process().children(recursive=True)
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]
    for process in psutil.process_iter(["cmdline"]):
        assert "left-behind" not in (process.info["cmdline"] or [])


def test_the_table_of_grades_shows_no_ungraded_zero(graded):
    rows, _, out, _ = graded
    lines = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8-sig"))))
    assert [line["student"] for line in lines] == sorted(rows)
    for line in lines:
        row = rows[line["student"]]
        if row.graded:
            assert line["status"].startswith("graded")
            assert line["total"] == "" and line["unread"] == "", "the answer in words is still to be marked"
            assert float(line["conv2d"]) >= 0
        else:
            assert {line[name] for name in ("total", *sets.load(NAME).questions)} == {""}


def test_feedback_holds_no_hidden_test_and_asks_no_other_host(graded):
    rows, _, out, _ = graded
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (out / "feedback").glob("*.html")}
    assert set(pages) == {student for student, row in rows.items() if row.graded}
    for page in pages.values():
        assert "HIDDEN" not in page and "Path.cwd" not in page
        assert 'src="http' not in page and '<link href="http' not in page
    assert "did not end within" in pages["loops in a function"]


def test_marks_by_hand_are_taken_when_grading_again(graded, tmp_path):
    _, _, out, _ = graded
    page = (out / "hand_marking.html").read_text(encoding="utf-8")
    assert 'data-student="张伟"' in page and "names the rows or columns behind it" in page
    (tmp_path / "two" / "张伟").mkdir(parents=True)
    (tmp_path / "two" / "王五").mkdir()
    of_set = sets.load(NAME)
    for student in ("张伟", "王五"):
        nbformat.write(of_set.solved(student), tmp_path / "two" / student / "notebook.ipynb")
    again = tmp_path / "again"
    again.mkdir()
    marks = "student,question,points,comment\n张伟,unread,3.5,清楚\n王五,unread,,\n王五,sizes-output,0.5,\n"
    (again / "hand_marks.csv").write_text(marks, encoding="utf-8-sig")
    rows = {row.student: row for row in classroom.grade(of_set, tmp_path / "two", again)}
    assert rows["张伟"].scores["unread"] == 3.5 and rows["王五"].scores["unread"] is None
    assert rows["王五"].scores["sizes-output"] == 0.5, "points by program can be changed by hand"
    table = (again / "grades.csv").read_text(encoding="utf-8-sig")
    assert f"张伟,graded,{ALL + 3.5:g}," in table and '王五,"graded, to be marked by hand: unread",,' in table
    assert "清楚" in (again / "feedback" / "张伟.html").read_text(encoding="utf-8")
    assert "张伟,unread,3.5,清楚" in (again / "hand_marks.csv").read_text(encoding="utf-8-sig")
    shutil.rmtree(tmp_path / "two" / "张伟")
    said = []
    classroom.grade(of_set, tmp_path / "two", again, seeds=[7], say=said.append)
    assert any("graded before, but not among these submissions: 张伟" in line for line in said)
    assert "张伟,graded" in (again / "grades_before.csv").read_text(encoding="utf-8-sig")
    assert any("SEED=7" in line for line in said)
    assert "张伟" not in (again / "grades.csv").read_text(encoding="utf-8-sig")
    assert "张伟,unread,3.5,清楚" in (again / "hand_marks.csv").read_text(encoding="utf-8-sig")
    (again / "grades.csv").write_text("saved by a mistaken program", encoding="utf-8")
    classroom.grade(of_set, tmp_path / "two", again, say=said.append)
    assert any("grades.csv has the columns saved by a mistaken program" in line for line in said)
    assert (again / "grades_before.csv").read_text(encoding="utf-8") == "saved by a mistaken program"
    (again / "hand_marks.csv").write_text(marks.replace("3.5", "35"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: unread takes 0 to 4 points, got '35'"):
        classroom.grade(of_set, tmp_path / "two", again)


def test_a_roster_names_students_and_those_who_handed_in_nothing(tmp_path):
    of_set = sets.load(NAME)
    (tmp_path / "in" / "wang_48213_assignsubmission_file_").mkdir(parents=True)
    notebook = of_set.solved("2026-王小明")
    nbformat.write(notebook, tmp_path / "in" / "wang_48213_assignsubmission_file_" / "a.ipynb")
    roster = tmp_path / "roster.csv"
    roster.write_text("submitted,student\nwang,2026-王小明\nli,2026-李娜\n", encoding="utf-8-sig")
    rows = {
        row.student: row for row in classroom.grade(of_set, tmp_path / "in", tmp_path / "out", roster=roster)
    }
    assert by_program(rows["2026-王小明"]) == ALL
    assert rows["2026-李娜"].status == "no submission" and not rows["2026-李娜"].graded


def test_nothing_to_grade_is_said(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match="no submission found"):
        classroom.grade(sets.load(NAME), tmp_path / "in", tmp_path / "out")
    with pytest.raises(ValueError, match="there is no folder or zip file"):
        classroom.grade(sets.load(NAME), tmp_path / "missing", tmp_path / "out")
