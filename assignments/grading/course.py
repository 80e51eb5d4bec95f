"""nbgrader's part: what students are given, the gradebook, and what they get back."""

import contextlib
import functools
import json
import re
import warnings
from pathlib import Path

import nbformat
import nbgrader.api
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

STUB = "# Your answer here\nraise NotImplementedError()"
TEXT_STUB = "*Your answer here.*"
# no page of feedback asks another host for anything
OUTSIDE = (
    "mathjax_url",
    "require_js_url",
    "jquery_url",
    "mermaid_js_url",
    "widget_renderer_url",
    "jupyter_widgets_base_url",
)
FOREIGN_SCRIPT = re.compile(r"<script[^>]*\bsrc=[\"']https?://[^>]*>\s*</script>")


@functools.cache
def version_of_gradebooks():
    """The version that a new gradebook is marked with."""
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


# nbgrader asks a program for it, which takes six seconds for each new gradebook
nbgrader.api.get_alembic_version = version_of_gradebooks


class TakeOutcome(NbGraderPreprocessor):
    """In place of nbgrader's execution: the outputs that the judge has seen, and its verdicts as outputs."""

    def preprocess(self, notebook, resources):
        submitted = Path(self.config.TakeOutcome.folder, f"{resources['nbgrader']['student']}.json")
        outcome = json.loads(submitted.read_text(encoding="utf-8"))
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.execution_count = None
            cell.outputs = [nbformat.from_dict(output) for output in outcome["outputs"].get(str(index), [])]
            if is_grade(cell):
                cell.outputs = verdict(outcome["tests"][cell.metadata.nbgrader.grade_id])
        return notebook, resources


def verdict(outcomes):
    """What a test cell shows: nothing that a student's process has written."""
    failed = [told for told in outcomes if not told["passed"]]
    if not failed:
        return [nbformat.v4.new_output("stream", name="stdout", text="passed\n")]
    message = f"{failed[0]['message']}\n(random seed {failed[0]['seed']})"
    return [nbformat.v4.new_output("error", ename="Wrong", evalue=message, traceback=[message])]


class Course:
    """A folder in nbgrader's layout, for one set."""

    def __init__(self, folder, of_set):
        self.folder, self.set = Path(folder).resolve(), of_set
        self.folder.mkdir(parents=True, exist_ok=True)
        warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, of no use to an instructor
        config = Config()
        config.CourseDirectory.root = str(self.folder)
        config.CourseDirectory.course_id = "convolution"
        config.CourseDirectory.db_url = f"sqlite:///{self.folder / 'gradebook.db'}"
        config.ClearSolutions.code_stub = {"python": STUB}
        config.ClearSolutions.text_stub = TEXT_STUB
        config.OverwriteCells.add_missing_cells = True
        config.Autograde.autograde_preprocessors = self.without_execution()
        config.TakeOutcome.folder = str(self.folder / "outcomes")
        config.GenerateFeedback.preprocessors = [
            GetGrades,
            ClearHiddenTests,
            "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
        ]
        for name in OUTSIDE:
            config.HTMLExporter[name] = ""
        self.api = NbGraderAPI(CourseDirectory(config=config), config=config)
        self.api.log.setLevel("ERROR")

    @staticmethod
    def without_execution():
        from nbgrader.converters.autograde import Autograde
        from nbgrader.preprocessors import Execute

        usual = Autograde.autograde_preprocessors.default_args[0]
        return [TakeOutcome if step is Execute else step for step in usual]

    def path(self, *parts):
        """A file of the set in one of nbgrader's folders: ``path("submitted", student)``."""
        return self.folder.joinpath(*parts, self.set.name, f"{self.set.name}.ipynb")

    def release(self):
        """What students are given: no solution, no hidden test. Written anew from the source."""
        write(self.path("source"), self.set.notebook)
        self.done(self.api.generate_assignment(self.set.name, force=True, create=True))
        notebook = nbformat.read(self.path("release", "."), as_version=4)
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"  # else every copy differs
        write(self.path("release", "."), notebook)
        return notebook

    def autograde(self, student, notebook, outcome):
        """Put a submission and its outcome into the gradebook."""
        write(self.path("submitted", student), notebook)
        place = self.folder / "outcomes" / f"{student}.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(outcome), encoding="utf-8")
        self.done(self.api.autograde(self.set.name, student, force=True, create=True))

    def mark(self, student, question, points, comment):
        """A mark by hand."""
        with Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id) as gradebook:
            grade = gradebook.find_grade(question, self.set.name, self.set.name, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            with contextlib.suppress(MissingEntry):  # a test has no place for a comment
                note = gradebook.find_comment(question, self.set.name, self.set.name, student)
                note.manual_comment = comment or None
            gradebook.db.commit()

    def scores(self, student):
        """{test or explanation: points, or None where a mark by hand is to come}."""
        with Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id) as gradebook:
            submission = gradebook.find_submission_notebook(self.set.name, self.set.name, student)
            return {
                grade.name: None if grade.needs_manual_grade else grade.score for grade in submission.grades
            }

    def feedback(self, student):
        """The page of a student."""
        self.done(self.api.generate_feedback(self.set.name, student, force=True))
        page = self.path("feedback", student).with_suffix(".html")
        # nbgrader's template loads MathJax from elsewhere, whatever mathjax_url says
        text = FOREIGN_SCRIPT.sub("", page.read_text(encoding="utf-8"))
        to_mark = [name for name, score in self.scores(student).items() if score is None]
        page.write_text(without_open_scores(text, to_mark), encoding="utf-8")
        return page

    @staticmethod
    def done(result):
        if not result["success"]:
            raise RuntimeError(result.get("log") or result.get("error"))


def without_open_scores(page, to_mark):
    """nbgrader's page, with no total and no 0 where answers are still to be marked by hand."""
    heads = [r"<h4>[^<]*\("] if to_mark else []  # of the page; then in the list above, and over the answer
    for name in map(re.escape, to_mark):
        heads += [rf'<a href="#{name}">[^<]*</a> \(', rf'<a name="{name}"></a>.*?class="pull-right">\s*']
    for head in heads:
        score = re.compile(rf"({head})Score: [\d.]+ / ", re.DOTALL)
        page = score.sub(r"\1not yet marked, out of ", page, count=1)
    return page


def write(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
