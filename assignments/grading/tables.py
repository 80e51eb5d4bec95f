"""Reads the tables that instructors keep, as spreadsheets save them: the roster and the marks by hand."""

import csv
import io
import re
from itertools import zip_longest


def read_roster(path):
    """{name in the submissions: student}; raises ValueError that says what is wrong with the file."""
    lines = read_table(path, ("submitted", "student"))
    if not lines:
        raise ValueError(f"{path} names nobody: needed is a line for each student")
    names = {}
    for number, line in lines.items():
        submitted, student = line["submitted"], line["student"]
        if not submitted or not student:
            raise ValueError(f"{path}, line {number}: needed are both submitted and student")
        if names.setdefault(submitted, student) != student:
            raise ValueError(f"{path}, line {number}: {submitted} is {names[submitted]} in an earlier line")
    return names


def read_marks(of_set, path):
    """{(student, question): line} of marks by hand; raises ValueError that names the line of a wrong one.

    A question that the set does not have is kept: `unused` names it.
    """
    if not path.exists():
        return {}
    marks = {}
    for number, line in read_table(path, ("student", "question", "points")).items():
        key, most = (line["student"], line["question"]), of_set.points.get(line["question"])
        if key in marks:
            raise ValueError(f"{path}, line {number}: {' and '.join(key)} stand in an earlier line, too")
        if line["points"] and most is not None:
            plain = re.fullmatch(r"\d+\.?\d*|\.\d+", line["points"])
            if not plain or float(line["points"]) > most:
                raise ValueError(
                    f"{path}, line {number}: {key[1]} takes 0 to {most:g} points, got {line['points']!r}"
                    + " (write a point, not a comma)" * ("," in line["points"])
                )
        marks[key] = line
    return marks


def read_graded(path):
    """The students that an earlier run's grades.csv has points of, in its order."""
    if not path.exists():
        return []
    lines = read_table(path, ("student", "status")).values()
    return [line["student"] for line in lines if line["status"].startswith("graded")]


def unused(of_set, marks, students):
    """Sentences on marks by hand that belong to none of these students' answers."""
    given = [key for key, line in marks.items() if is_mark(line)]
    absent = dict.fromkeys(student for student, _ in given if student not in students)
    if absent:
        yield (
            f"marks by hand are kept of students who are not among these submissions: {', '.join(absent)}. "
            "Was a late file graded without the others? Grade the complete zip file."
        )
    for student, question in given:
        if question not in of_set.points:
            yield f"{student}'s mark is kept for {question!r}, which is no question of {of_set.name}"


def is_mark(line):
    return bool(line["points"] or line.get("comment"))


def read_table(path, needed):
    """{line's number: {column: text}} of a CSV file; raises ValueError that says what is there and needed."""
    advice = f"save it as CSV UTF-8, with the columns {', '.join(needed)}"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{path} is no text in UTF-8: {advice}")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)  # Excel's choice hangs on the language of the system
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(f"{path} is no table: {error}; {advice}") from None
    columns = [name.strip().lower() for name in rows[0]] if rows else []
    if not set(needed) <= set(columns):
        raise ValueError(f"{path} has the columns {', '.join(columns) or 'of an empty file'}: {advice}")
    lines = {}
    for number, row in enumerate(rows[1:], start=2):
        fields = [field.strip() for field in row]
        if any(fields[len(columns) :]):
            raise ValueError(
                f"{path}, line {number}: {len(fields)} fields for {len(columns)} columns; "
                f"text with {separator!r} in it belongs between quotes"
            )
        if any(fields):
            lines[number] = dict(zip_longest(columns, fields[: len(columns)], fillvalue=""))
    return lines
