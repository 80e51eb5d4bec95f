"""Layouts of learning platforms, and what is done to a notebook before it is graded."""

import zipfile
from pathlib import PurePosixPath

import nbformat
import pytest

from assignments.grading import sets
from assignments.grading.classroom import other_courses
from assignments.grading.collect import clean, collect, read_notebook, split_name, tidy
from assignments.grading.course import Course

NAME = "windows_in_loops"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"), sets.load(NAME)).release()


@pytest.mark.parametrize(
    ("path", "student", "number", "inner"),
    [
        ("张伟/a.ipynb", "张伟", None, "a.ipynb"),
        ("Zhang Wei_48213_assignsubmission_file_/my work/a.ipynb", "Zhang Wei", "48213", "my work/a.ipynb"),
        ("Zhang Wei_48213_assignsubmission_file_a.ipynb", "Zhang Wei", "48213", "a.ipynb"),
        ("zhangwei_4711_88012_a_b-2.ipynb", "zhangwei", "4711", "a_b-2.ipynb"),
        ("zhangwei_LATE_4711_88012_a.ipynb", "zhangwei", "4711", "a.ipynb"),
        ("stu_17.ipynb", "stu_17", None, "stu_17.ipynb"),
        ("stu_17/a.ipynb", "stu_17", None, "a.ipynb"),
        ("readme.txt", None, None, "readme.txt"),
    ],
)
def test_a_path_tells_whose_it_is(path, student, number, inner):
    assert split_name(PurePosixPath(path)) == (student, number, PurePosixPath(inner))


def test_students_with_the_same_name_are_told_apart(release, tmp_path):
    folders = [
        "Li Na_1_assignsubmission_file_",
        "Li Na_2_assignsubmission_file_",
        "张伟_3_assignsubmission_file_",
    ]
    for folder in [*folders, "张伟"]:  # the last one is the same student, in another layout
        (tmp_path / folder).mkdir()
        nbformat.write(sets.load(NAME).solved("x"), tmp_path / folder / "a.ipynb")
    found = collect(sets.load(NAME), release, tmp_path)
    assert [each.student for each in found] == ["Li Na (1)", "Li Na (2)", "张伟"]


def test_a_name_becomes_a_folder_on_every_system():
    assert clean('a/b\\c:d*"e"[f]{g}. ') == "a-b-c-d--e--f--g-"
    assert clean("...") == "unnamed"


def test_zip_files_inside_and_names_from_windows_are_read(release, tmp_path):
    notebook = nbformat.writes(sets.load(NAME).solved("x"))
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr("work/a.ipynb", notebook)
        inner.writestr("../../evil.ipynb", notebook)
        inner.writestr("__MACOSX/._a.ipynb", b"")
    entry = zipfile.ZipInfo("placeholder/a.ipynb")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as whole:
        whole.write(tmp_path / "inner.zip", "li_48213_assignsubmission_file_/inner.zip")
        whole.writestr(entry, notebook)
    raw = (tmp_path / "all.zip").read_bytes().replace(b"placeholder", "张伟张伟张".encode("gbk") + b"x")
    (tmp_path / "all.zip").write_bytes(raw)
    found = collect(sets.load(NAME), release, tmp_path / "all.zip")
    assert [each.student for each in found] == ["li", "张伟张伟张x"]
    assert all(each.notebook is not None and not each.problem for each in found)
    assert not (tmp_path.parent / "evil.ipynb").exists()


def test_of_several_notebooks_the_one_with_the_cells_of_the_set_is_taken(release, tmp_path):
    (tmp_path / "li").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "li" / "notes.ipynb")
    nbformat.write(sets.load(NAME).solved("li"), tmp_path / "li" / "a.ipynb")
    (found,) = collect(sets.load(NAME), release, tmp_path)
    assert found.notebook is not None and found.notes == ["2 notebooks, took a.ipynb"]


def test_another_sets_notebook_is_told_even_under_this_sets_name(release, tmp_path):
    nbformat.write(sets.load("borders_and_gaps").solved("li"), tmp_path / f"{NAME}.ipynb")
    (found,) = collect(sets.load(NAME), release, tmp_path)
    assert found.notebook is None
    assert found.problem == f"this is another set's notebook: {NAME}.ipynb is of borders_and_gaps"


def test_notebooks_of_another_course_are_told_once(release, tmp_path):
    for student in ("li", "wang"):
        nbformat.write(sets.load(NAME, "vision 2027").solved(student), tmp_path / f"{student}.ipynb")
    nbformat.write(release, tmp_path / "zhou.ipynb")
    (told,) = other_courses(sets.load(NAME), collect(sets.load(NAME), release, tmp_path))
    assert told.startswith("notebooks say COURSE 'vision 2027', you gave 'convolution': 2 of 3.")


def test_this_repository_is_no_class(release):
    for folder in (sets.ASSIGNMENTS.parent, sets.ASSIGNMENTS.parents[1]):
        with pytest.raises(ValueError, match="holds this repository"):
            collect(sets.load(NAME), release, folder)


def test_a_tidy_notebook_has_each_cell_of_the_set_once_and_locked_ones_as_given(release):
    of_set = sets.load(NAME)
    notebook = of_set.solved("x")
    notebook.cells = [*notebook.cells[::-1], *of_set.solved("x").cells]
    notes = []
    tidied = tidy(of_set, release, read_notebook(nbformat.writes(notebook).encode()), notes)
    names = [sets.grade_id(cell) for cell in tidied.cells if sets.grade_id(cell)]
    assert sorted(names) == sorted(sets.grade_id(cell) for cell in release.cells if sets.grade_id(cell))
    given = {sets.grade_id(cell): cell.source for cell in release.cells}
    for cell in tidied.cells:
        if sets.kind_of(cell) in ("setup", "test"):
            assert cell.source == given[sets.grade_id(cell)]
    assert any("copied" in note for note in notes)


def test_an_untouched_release_is_tidy_already(release):
    notes = []
    tidied = tidy(sets.load(NAME), release, read_notebook(nbformat.writes(release).encode()), notes)
    assert notes == []
    assert [cell.source for cell in tidied.cells] == [cell.source for cell in release.cells]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"3", b'{"cells": 3}', b'{"nbformat": 4, "cells": [3]}', b"\xff\xfe"]
)
def test_what_is_no_notebook_is_said_to_be_none(data):
    with pytest.raises(ValueError, match="not a notebook"):
        read_notebook(data)
