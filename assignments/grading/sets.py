"""A set of graded questions: a folder with ``set.toml``, ``notebook.py`` and ``wrong.py``, as one object.

``notebook.py`` is a notebook as text, in jupytext's percent format. A cell says what it is in its first line:

    # %% setup="tools"                       runs first, cannot be changed
    # %% student="id"                        where a student types who they are
    # %% answer="conv2d"                     what a student writes, between BEGIN and END SOLUTION
    # %% test="conv2d-values" points=3       tests it; hidden between BEGIN and END HIDDEN TESTS
    # %% [markdown] explain="why" points=4   an answer in words, marked by hand
    # %%, # %% [markdown]                    anything else

A question is an answer with its tests, whose names begin with its name and a hyphen.
"""

import ast
import copy
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat

ASSIGNMENTS = Path(__file__).resolve().parents[1]
COURSE = "convolution"  # what a setup cell calls the course, until a course has a name of its own
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS$", re.DOTALL | re.MULTILINE)
# what nbgrader calls a cell: (grade, solution, locked)
KINDS = {
    "setup": (False, False, True),
    "answer": (False, True, False),
    "test": (True, False, True),
    "explain": (True, True, False),
}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is known: what replaces a cell, and why somebody would write it."""

    answer: str
    name: str
    source: str


@dataclass(frozen=True)
class Set:
    """A set, as its folder says."""

    name: str
    folder: Path
    about: dict
    course: str = COURSE

    @cached_property
    def notebook(self):
        """The source notebook in nbgrader's format, with solutions and hidden tests."""
        notebook = jupytext.read(self.folder / "notebook.py")
        notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
        for number, cell in enumerate(notebook.cells):
            cell.source = cell.source.replace(f'COURSE = "{COURSE}"', f"COURSE = {self.course!r}")
            kind = next((kind for kind in KINDS if kind in cell.metadata), None)
            cell.id = f"cell-{number}"
            if kind is None:  # papermill writes into the cell with this tag
                tags = {"tags": ["parameters"]} if "student" in cell.metadata else {}
                cell.metadata = nbformat.from_dict(tags)
                continue
            grade, solution, locked = KINDS[kind]
            of_grader = {
                "grade_id": cell.metadata[kind],
                "grade": grade,
                "solution": solution,
                "locked": locked,
            }
            of_grader |= {"schema_version": 3, "task": False}
            if grade:
                of_grader["points"] = cell.metadata["points"]
            cell.metadata = nbformat.from_dict({"nbgrader": of_grader})
        return notebook

    def cells(self, *kinds):
        """The cells of these kinds, in order."""
        return [cell for cell in self.notebook.cells if kind_of(cell) in kinds]

    @cached_property
    def points(self):
        """{test or explanation: points}."""
        return {grade_id(cell): cell.metadata.nbgrader.points for cell in self.cells("test", "explain")}

    @cached_property
    def questions(self):
        """{question: names of its tests, or its own if it is marked by hand}, in the notebook's order."""
        found = {}
        for cell in self.cells("answer", "test", "explain"):
            name, kind = grade_id(cell), kind_of(cell)
            if kind == "test":
                found[question_of(name)].append(name)
            else:
                found[name] = [name] if kind == "explain" else []
        return found

    @cached_property
    def names(self):
        """{name that an answer defines: "function" or "value"}, by the solution."""
        found = {}
        for cell in self.cells("answer"):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef):
                    found[node.name] = "function"
                elif isinstance(node, ast.Assign):
                    names = [
                        part.id
                        for target in node.targets
                        for part in ast.walk(target)
                        if isinstance(part, ast.Name)
                    ]
                    found |= dict.fromkeys(names, "value")
        return found

    @cached_property
    def mistakes(self):
        """The known wrong answers."""
        cells = jupytext.read(self.folder / "wrong.py").cells
        return [
            Mistake(cell.metadata["answer"], cell.metadata["name"], cell.source)
            for cell in cells
            if cell.cell_type == "code" and "answer" in cell.metadata
        ]

    def solved(self, student, mistake=None):
        """A student's submission with all solutions, one of them replaced by a mistake."""
        notebook = copy.deepcopy(self.notebook)
        for cell in notebook.cells:
            cell.source = HIDDEN.sub("", cell.source)
            if kind_of(cell) == "student":
                cell.source = f"STUDENT_ID = {student!r}"
            if mistake and grade_id(cell) == mistake.answer:
                cell.source = mistake.source
        return notebook


def kind_of(cell):
    """What a cell is, as in `KINDS`, "student", or None."""
    if "parameters" in cell.metadata.get("tags", ()):
        return "student"
    of_grader = cell.metadata.get("nbgrader")
    if not of_grader:
        return None
    flags = tuple(bool(of_grader.get(name)) for name in ("grade", "solution", "locked"))
    return next((kind for kind, of_kind in KINDS.items() if of_kind == flags), None)


def grade_id(cell):
    """The name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def question_of(test):
    """The question that a test belongs to."""
    return test.split("-")[0]


def load(name, course=COURSE):
    """The set of this name for a course; raises ValueError with the names that there are."""
    folder = ASSIGNMENTS / name
    if not (folder / "set.toml").is_file():
        raise ValueError(f"there is no assignment {name!r}; there are: {', '.join(all_names())}")
    return Set(name, folder, tomllib.loads((folder / "set.toml").read_text(encoding="utf-8")), course)


def all_names():
    return sorted(path.parent.name for path in ASSIGNMENTS.glob("*/set.toml"))
