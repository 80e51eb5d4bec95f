"""Rosters and marks by hand as spreadsheets save them, and that no mark is lost."""

import csv

import nbformat
import pytest

from assignments.grading import classroom, sets
from assignments.grading.classroom import Row
from assignments.grading.course import Course, without_open_scores
from assignments.grading.tables import read_marks, read_roster, unused

SET = sets.load("windows_in_loops")


@pytest.fixture
def table(tmp_path):
    """A factory of files: ``table(text, encoding)``."""

    def make(text, encoding="utf-8-sig"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return make


@pytest.mark.parametrize("separator", ",;\t")
def test_each_separator_of_a_spreadsheet_is_understood(table, separator):
    text = "Submitted,Student\r\nwang,王小明\r\n,\r\nli,李娜\r\n".replace(",", separator)
    assert read_roster(table(text)) == {"wang": "王小明", "li": "李娜"}


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        (
            "name,student\na,b\n",
            "utf-8",
            "has the columns name, student: save it as CSV UTF-8, with the columns",
        ),
        ("submitted,student\nJosé,Núñez\n", "latin-1", "no text in UTF-8: save it as CSV UTF-8"),
        ("submitted,student\na,b\n", "utf-16", "no text in UTF-8"),
        ("submitted,student\na,b\n", "utf-16-le", "no text in UTF-8"),
        ("submitted,student\n", "utf-8", "names nobody"),
        ("", "utf-8", "an empty file"),
        ("submitted,student\nwang,\n", "utf-8", "line 2: needed are both"),
        ("submitted,student\nli,a\nli,b\n", "utf-8", "line 3: li is a in an earlier line"),
        ('submitted,student\nli,"a\n', "utf-8", "is no table"),
    ],
)
def test_what_is_wrong_with_a_roster_is_said(table, text, encoding, told):
    with pytest.raises(ValueError, match=told):
        read_roster(table(text, encoding))


def test_a_missing_roster_is_said_before_grading(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        classroom.grade(SET, tmp_path, tmp_path / "out", roster=tmp_path / "roster.csv")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('li,unread,"1,5",', r"line 2: unread takes 0 to 4 points, got '1,5' \(write a point, not a comma\)"),
        ("li,unread,1,5,good", "line 2: 5 fields for 4 columns"),
        ("li,unread,nan,", "got 'nan'"),
        ("li,unread,-1,", "got '-1'"),
        ("li,unread,1,\nli,unread,2,", "line 3: li and unread stand in an earlier line"),
    ],
)
def test_a_wrong_mark_is_refused(table, line, told):
    with pytest.raises(ValueError, match=told):
        read_marks(SET, table(f"student,question,points,comment\n{line}\n"))


def test_marks_of_students_who_are_absent_and_of_unknown_questions_are_named_and_kept(table, tmp_path):
    path = table("student;question;points;comment\nli;unread;3.5;good, clear\nwang;unred;2;\nzhou;unread;;\n")
    marks = read_marks(SET, path)
    absent, unknown = unused(SET, marks, {"wang"})
    assert "who are not among these submissions: li." in absent
    assert unknown == "wang's mark is kept for 'unred', which is no question of windows_in_loops"
    course = Course(tmp_path / "course", SET)
    (tmp_path / "course" / "submitted").mkdir()
    path = course.path("submitted", "chen")
    path.parent.mkdir(parents=True)
    nbformat.write(SET.solved("chen"), path)
    classroom.write_marking(SET, course, [Row("chen", "graded", {"unread": None})], marks, tmp_path)
    with open(tmp_path / "hand_marks.csv", newline="", encoding="utf-8-sig") as file:
        _, *rows = csv.reader(file)
    assert rows == [
        ["chen", "unread", "", ""],
        ["li", "unread", "3.5", "good, clear"],
        ["wang", "unred", "2", ""],
    ]
    page = (tmp_path / "hand_marking.html").read_text(encoding="utf-8")
    assert '["li", "unread", "3.5", "good, clear"]' in page and "On some images it never reads" in page


def test_a_run_that_fails_or_is_overtaken_leaves_what_is_there(monkeypatch, tmp_path):
    def fail(*arguments):
        raise RuntimeError

    def finish(new, *arguments):
        (new / "feedback").mkdir()
        (new / "hand_marks.csv").write_text("new")
        marks.write_text("student,question,points\nli,unread,3\n")
        return []

    (tmp_path / "feedback").mkdir()
    old, marks = tmp_path / "feedback" / "li.html", tmp_path / "hand_marks.csv"
    old.write_text("old")
    marks.write_text("student,question,points\nli,unread,\n")
    monkeypatch.setattr(classroom, "grade_into", fail)
    with pytest.raises(RuntimeError):
        classroom.grade(SET, tmp_path, tmp_path)
    assert old.exists()
    monkeypatch.setattr(classroom, "grade_into", finish)
    said = []
    classroom.grade(SET, tmp_path, tmp_path, say=said.append)
    assert not old.exists() and "li,unread,3" in marks.read_text() and "left as it is" in said[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feedback", "hand_marks.csv"]


def test_feedback_shows_no_total_while_an_answer_is_to_be_marked():
    page = (
        "<h4>a (Score: 18.0 / 30.0)</h4>"
        '<a href="#b-one">Test cell</a> (Score: 2.0 / 2.0)'
        '<a href="#why">Written response</a> (Score: 0.0 / 4.0)'
        '<a name="why"></a><div><span class="pull-right">\n  Score: 0.0 / 4.0 <a href="#top">(Top)</a>'
    )
    assert without_open_scores(page, []) == page
    marked = without_open_scores(page, ["why"])
    assert marked.count("not yet marked, out of ") == 3
    assert "18.0" not in marked and "0.0 / 4.0" not in marked and "Score: 2.0 / 2.0" in marked
