"""What students get, and what nobody gets by accident."""

import html
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from assignments.grading import build, sets
from assignments.grading.check import SOLUTION
from assignments.grading.kernel import Kernel

ROOT = sets.ASSIGNMENTS.parent


@pytest.fixture(scope="module", params=sets.all_names())
def built(request, tmp_path_factory):
    """(set, folder with its files)."""
    of_set, out = sets.load(request.param, "vision 2027"), tmp_path_factory.mktemp(request.param)
    roster = out / "roster.csv"
    roster.write_text("submitted,student\nwang,王小明\nli,li na\n", encoding="utf-8")
    build.build(of_set, out, roster)
    return of_set, out


def stripped(text):
    return [line.strip() for line in text.splitlines()]


def secret_lines(of_set, in_a_row=1):
    """Lines, or lines in a row, that stand in solutions and hidden tests only."""
    sources = [cell.source for cell in of_set.notebook.cells]
    open_text = "\n".join(SOLUTION.sub("", source) for source in sources)
    secret = {
        tuple(lines[first : first + in_a_row])
        for source in sources
        for lines in map(stripped, SOLUTION.findall(source))
        for first in range(len(lines) - in_a_row + 1)
    }
    return {
        "\n".join(lines)
        for lines in secret
        if all(len(line) > 24 and line not in open_text for line in lines)
    }


def read_all(archive):
    """The text of a zip file and of the wheels in it."""
    for name in archive.namelist():
        if name.endswith(".whl"):
            with archive.open(name) as inner, zipfile.ZipFile(inner) as wheel:
                yield from read_all(wheel)
        else:
            yield name, archive.read(name).decode("utf-8", "replace")


def test_the_students_zip_holds_no_solution(built):
    of_set, out = built
    with zipfile.ZipFile(out / f"{of_set.name}.zip") as archive:
        files = list(read_all(archive))
    assert {Path(name).suffix for name, _ in files} >= {".ipynb", ".txt", ".py"}
    secrets, pairs = secret_lines(of_set), secret_lines(of_set, in_a_row=2)
    assert len(secrets) > 20 and len(pairs) > 5
    for name, text in files:
        assert "BEGIN SOLUTION" not in text and "BEGIN HIDDEN" not in text, name
        if name.endswith(".ipynb"):
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells)
            assert "COURSE = 'vision 2027'" in text
        # a line of the library may be that of a solution by chance; two in a row would be a copy
        unwanted = pairs if name.startswith("convlib/") else secrets
        assert not [lines for lines in unwanted if lines in "\n".join(stripped(text))], name
        assert not re.search(r"^assignments/", name)


def test_the_same_set_makes_the_same_notebook(built, tmp_path):
    of_set, out = built
    build.Course(tmp_path / "again", sets.load(of_set.name, "vision 2027")).release()
    path = Path("release", ".", of_set.name, f"{of_set.name}.ipynb")
    assert (tmp_path / "again" / path).read_bytes() == (out / "course" / path).read_bytes()


def test_the_students_notebook_runs_up_to_its_first_answer(built, tmp_path):
    of_set, out = built
    notebook = nbformat.read(out / "course" / "release" / of_set.name / f"{of_set.name}.ipynb", as_version=4)
    kernel = Kernel(tmp_path)
    try:
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            errors = [told for told in kernel.run(cell.source, 60) if told.output_type == "error"]
            if sets.kind_of(cell) == "answer":
                assert not errors or errors[0].ename == "NotImplementedError"
                break
            assert not errors, errors
    finally:
        kernel.end()


def test_instructors_get_the_rubric_and_what_is_right_for_each_student(built):
    of_set, out = built
    rubric = (out / "instructor" / "rubric.md").read_text(encoding="utf-8")
    assert f"{sum(of_set.points.values()):g} points" in rubric
    answers = (out / "instructor" / "answers.csv").read_text(encoding="utf-8-sig")
    assert "王小明" in answers and answers.count("\n") == 3


def published(path):
    """The text of a file of the site, without the marks of HTML, of JSON and of programs' colours."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".ipynb":
        return "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    return html.unescape(re.sub(r"<[^<>]*>", "", text)) if path.suffix == ".html" else text


@pytest.fixture(scope="module")
def site():
    folder = ROOT / "_build" / "html"
    if not folder.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built")
    kinds = (".html", ".js", ".txt", ".ipynb", ".py", ".md")
    return {
        path: "\n".join(stripped(published(path)))
        for path in folder.rglob("*")
        if path.suffix in kinds and path.is_file()
    }


def test_the_published_site_holds_no_set(built, site):
    of_set, _ = built
    pairs = secret_lines(of_set, in_a_row=2)
    for path, text in site.items():
        assert "BEGIN SOLUTION" not in text, path
        assert not [lines for lines in pairs if lines in text], path


def test_the_command_lists_the_sets_and_says_what_is_wrong():
    command = [sys.executable, "-m", "assignments"]
    listed = subprocess.run([*command, "list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(name in listed for name in sets.all_names())
    refused = subprocess.run([*command, "build", "windows"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 1 and "there is no assignment 'windows'; there are:" in refused.stderr
    empty = subprocess.run([*command, "grade", "x", ""], cwd=ROOT, capture_output=True, text=True)
    assert empty.returncode == 2 and "submissions: missing: make grade A=" in empty.stderr


def test_the_page_for_instructors_names_every_set_with_its_size():
    page = (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
    for name in sets.all_names():
        of_set = sets.load(name)
        size = [of_set.about["minutes"], len(of_set.questions), sum(of_set.points.values())]
        assert f"| `{name}` | {of_set.about['part']} | {' | '.join(map(str, size))} |" in page


def test_shared_packages_are_pinned_alike():
    pins = [
        dict(re.findall(r"^([\w-]+)(?:\[.*?\])?==(\S+)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.txt", "requirements-instructors.txt")
    ]
    both = pins[0].keys() & pins[1].keys()
    assert len(both) > 3 and all(pins[0][name] == pins[1][name] for name in both)
