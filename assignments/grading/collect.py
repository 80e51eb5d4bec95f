"""Finds each student's notebook in what a learning platform gives, and mends what can be mended."""

import io
import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

import nbformat

from assignments.grading import sets

LARGEST_FILE = 50_000_000  # bytes, unpacked
# name_12345_assignsubmission_file_/notebook.ipynb, or with the file's name behind the last underscore
MOODLE = re.compile(r"^(?P<student>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)$")
# name_4711_88012_notebook.ipynb, with LATE behind the name where it was late
CANVAS = re.compile(r"^(?P<student>.+?)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)$")
COURSE = re.compile(r"^COURSE = (['\"])(?P<course>.*)\1$", re.MULTILINE)
# folders that systems and editors leave behind
IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__"}


@dataclass
class Submission:
    """What one student has handed in."""

    student: str
    notebook: nbformat.NotebookNode | None = None
    problem: str = ""  # why there is no notebook
    course: str | None = None  # what the notebook calls the course
    notes: list = field(default_factory=list)


def collect(of_set, release, where):
    """The submissions below a folder or in a zip file, a list in the order of the students' names.

    of_set : Set
    release : the notebook that students were given
    where : Path

    Of students with the same name, each gets the platform's number behind it.

    Raises ValueError if there is nothing that looks like a submission, or if this repository is in there.
    """
    where, files = Path(where), {}
    repository = sets.ASSIGNMENTS.parent
    if where.resolve() in (repository, *repository.parents):
        raise ValueError(f"{where.resolve()} holds this repository: name the submissions")
    found = [(*split_name(path), data) for path, data in read_all(where)]
    numbers = {}
    for name, number, _, _ in found:
        numbers.setdefault(name, set()).update([number] if number else [])
    for name, number, inner, data in found:
        if name:
            student = f"{name} ({number})" if number and len(numbers[name]) > 1 else name
            files.setdefault(student, []).append((inner, data))
    if not files:
        raise ValueError(f"no submission found in {where}: expected a folder or a file for each student")
    return [choose(of_set, release, student, files[student]) for student in sorted(files)]


def read_all(where):
    """(path below ``where``, bytes) of every file, zip files looked into."""
    if where.is_file():
        if not zipfile.is_zipfile(where):
            raise ValueError(f"{where} is neither a folder nor a zip file")
        return list(read_zip(where, PurePosixPath()))
    if not where.is_dir():
        raise ValueError(f"there is no folder or zip file {where}")
    found = []
    for path in sorted(where.rglob("*")):
        inner = PurePosixPath(path.relative_to(where).as_posix())
        if not path.is_file() or path.is_symlink() or IGNORED & set(inner.parts):
            continue
        found += read_zip(path, inner) if path.suffix == ".zip" else [(inner, read_file(path))]
    return found


def read_file(path):
    return path.read_bytes() if path.stat().st_size <= LARGEST_FILE else b""


def read_zip(file, inner, depth=0):
    """The files of a zip file, as if it were a folder of its name; an unreadable one is an empty file."""
    folder = inner.with_suffix("") if inner.parts else inner
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                name = PurePosixPath(name_in_zip(entry))
                if entry.is_dir() or ".." in name.parts or name.is_absolute() or IGNORED & set(name.parts):
                    continue
                data = archive.read(entry) if entry.file_size <= LARGEST_FILE else b""
                if name.suffix == ".zip" and depth < 2:
                    yield from read_zip(io.BytesIO(data), folder / name, depth + 1)
                else:
                    yield folder / name, data
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        yield inner, b""


def name_in_zip(entry):
    """A file's name; archives made on Windows may hold it in the system's own encoding."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def split_name(path):
    """(student, the platform's number or None, the file's own path), from a path in one of the layouts."""
    first, *rest = path.parts
    inner = PurePosixPath(*rest) if rest else None
    for layout in (MOODLE, CANVAS):
        found = layout.match(first)
        if found:
            file = found["file"]
            return clean(found["student"]), found["number"], inner or PurePosixPath(file or first)
    if inner:
        return clean(first), None, inner
    return clean(path.stem) if path.suffix == ".ipynb" else None, None, path


def clean(student):
    """A name that is a folder's name on every system."""
    name = unicodedata.normalize("NFC", student)
    return re.sub(r'[][{}<>:"/\\|?*\x00-\x1f]', "-", name).strip(" .") or "unnamed"


def choose(of_set, release, student, files):
    """The submission of a student: of several notebooks the one with most of the set's cells."""
    submission = Submission(student)
    best = (-1, None)
    unread = []
    for path, data in files:
        if path.suffix.lower() != ".ipynb":
            continue
        try:
            notebook = read_notebook(data)
        except ValueError as error:
            unread.append(f"{path.name}: {error}")
            continue
        known = {sets.grade_id(cell) for cell in release.cells} - {None}
        count = len(known & {sets.grade_id(cell) for cell in notebook.cells})
        if count >= best[0]:
            best = (count, path.name, notebook)
    count = sum(path.suffix.lower() == ".ipynb" for path, _ in files)
    if best[0] > 0 and (other := another_set(of_set, best[0], best[2])):
        submission.problem = f"this is another set's notebook: {best[1]} is of {other}"
    elif best[0] > 0:
        submission.course = course_of(best[2])
        submission.notebook = tidy(of_set, release, best[2], submission.notes)
        if count > 1:
            submission.notes.append(f"{count} notebooks, took {best[1]}")
    elif best[0] == 0:
        submission.problem = f"{best[1]} is another notebook: it holds none of the cells of {of_set.name}"
    elif unread:
        submission.problem = "; ".join(unread)
    else:
        submission.problem = f"no notebook among {', '.join(path.name for path, _ in files)}"
    return submission


def another_set(of_set, count, notebook):
    """The name of a set that has more than ``count`` of the notebook's cells, or None."""
    there = {sets.grade_id(cell) for cell in notebook.cells}
    counts = {name: len(cells & there) for name, cells in cells_of_sets().items() if name != of_set.name}
    most = max(counts, key=counts.get, default=None)
    return most if counts.get(most, 0) > count else None


@cache
def cells_of_sets():
    """{set: names of its cells}."""
    return {
        name: {sets.grade_id(cell) for cell in sets.load(name).notebook.cells} - {None}
        for name in sets.all_names()
    }


def course_of(notebook):
    """What a notebook calls the course, or None."""
    found = (COURSE.search(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    return next((match["course"] for match in found if match), None)


def read_notebook(data):
    """A notebook of the current format, with metadata in every cell; raises ValueError with the reason."""
    try:
        tree = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("not a notebook, or cut off") from None
    try:
        notebook = nbformat.from_dict(tree)
        if notebook.get("nbformat") != 4:
            notebook = nbformat.convert(notebook, 4)
        cells = [clean_cell(cell) for cell in notebook.cells]
        kernel = nbformat.from_dict({"kernelspec": sets.KERNEL, "language_info": {"name": "python"}})
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.validate(notebook)
        return notebook
    except Exception as error:  # whatever a file can hold in place of cells
        raise ValueError(f"not a notebook: {type(error).__name__}") from None


def clean_cell(cell):
    """The cell without outputs and without what is not the grader's."""
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    clean = make.get(cell.get("cell_type"), nbformat.v4.new_markdown_cell)(source)
    metadata = cell.get("metadata") or {}
    if "parameters" in metadata.get("tags", ()):
        clean.metadata.tags = ["parameters"]
    of_grader = metadata.get("nbgrader")
    if isinstance(of_grader, dict) and isinstance(of_grader.get("grade_id"), str):
        clean.metadata.nbgrader = nbformat.from_dict(dict(of_grader))
    return clean


def tidy(of_set, release, notebook, notes):
    """The notebook with each of the set's cells once, in its place, and locked ones as they were given."""
    given = {sets.grade_id(cell): cell for cell in release.cells if sets.grade_id(cell)}
    last = {sets.grade_id(cell): i for i, cell in enumerate(notebook.cells)}
    copied = edited = 0
    for i, cell in enumerate(notebook.cells):
        name = sets.grade_id(cell)
        if name is None:
            continue
        if name not in given or last[name] != i:
            copied += name in given
            del cell.metadata["nbgrader"]
            continue
        original = given[name]
        if cell.cell_type != original.cell_type:
            notebook.cells[i] = cell = nbformat.from_dict({**original, "source": cell.source})
            notes.append(f"the type of cell {name} put right")
        cell.metadata.nbgrader = original.metadata.nbgrader
        if original.metadata.nbgrader.locked and not original.metadata.nbgrader.solution:
            edited += cell.source.split() != original.source.split()
            cell.source = original.source
    missing = put_back(release, notebook)
    for count, what in ((copied, "copied"), (edited, "locked, but changed"), (missing, "deleted")):
        if count:
            notes.append(f"{count} cell{'s' * (count > 1)} {what}")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    return notebook


def put_back(release, notebook):
    """Put the set's cells that are missing behind those that they followed; returns how many."""
    missing, before = 0, None
    for cell in release.cells:
        name = sets.grade_id(cell)
        if name is None:
            continue
        names = [sets.grade_id(there) for there in notebook.cells]
        if name not in names:
            notebook.cells.insert(names.index(before) + 1 if before else 0, nbformat.from_dict(dict(cell)))
            missing += 1
        before = name
    return missing
