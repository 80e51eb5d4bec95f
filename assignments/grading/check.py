"""Is a set fit to be handed out? Its solutions, its untouched release and its wrong answers are graded."""

import ast
import contextlib
import functools
import io
import json
import re
import tempfile
from pathlib import Path

import nbformat

from assignments.grading import classroom, sets
from assignments.grading.course import Course
from assignments.grading.judge import TrustedSession, run_through
from convlib.practice import difference

SEEDS = (1, 2, 3, 4, 5)
SEEDS_OF_MISTAKES = SEEDS[:2]
IDS = 1000
DISTINCT = 100  # of 1,000 students
SOLUTION = re.compile(
    r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END (?:SOLUTION|HIDDEN TESTS)", re.DOTALL
)


def check(of_set, say=print):
    """What is not as it should be, a list of sentences; empty if all is well."""
    faults = [*faults_of_text(of_set), *faults_of_variants(of_set)]
    if faults:  # no use in grading it
        return faults
    with tempfile.TemporaryDirectory(prefix="check-") as work:
        work = Path(work)
        release = Course(work / "course", of_set).release()
        faults += faults_of_release(of_set, release)
        for student, notebook in {"perfect": of_set.solved("perfect"), "untouched": release}.items():
            (work / "class" / student).mkdir(parents=True)
            nbformat.write(notebook, work / "class" / student / f"{of_set.name}.ipynb")
        rows = classroom.grade(of_set, work / "class", work / "graded", seeds=SEEDS, feedback=False, say=say)
        for row in rows:
            outcome = work / "graded" / "course" / "outcomes" / f"{row.student}.json"
            tests = json.loads(outcome.read_text(encoding="utf-8"))["tests"] if row.graded else {}
            faults += faults_of_grades(of_set, row, tests)
    for mistake in of_set.mistakes:
        notebook = of_set.solved("wrong", mistake)
        tests, _ = run_through(of_set, notebook, "wrong", SEEDS_OF_MISTAKES, TrustedSession())
        faults += faults_of_mistake(mistake, tests)
    return faults


def faults_of_text(of_set):
    """Faults of the set's files."""
    about, points, questions = of_set.about, of_set.points, of_set.questions
    for name in ("title", "part", "chapters", "minutes", "goals", "rubric", "mistakes"):
        if name not in about:
            yield f"set.toml has no {name}"
            return
    if not 60 <= about["minutes"] <= 120:
        yield f"{about['minutes']} minutes: a set takes 60 to 120"
    for chapter in about["chapters"]:
        if not (sets.ASSIGNMENTS.parent / "book" / f"{chapter}.ipynb").exists():
            yield f"there is no chapter {chapter}"
    by_hand = [sets.grade_id(cell) for cell in of_set.cells("explain")]
    if not by_hand or set(by_hand) != set(about["rubric"]):
        yield f"rubrics {sorted(about['rubric'])} for the answers in words {by_hand}"
    for name in by_hand:
        given = sum(step["points"] for step in about["rubric"].get(name, []))
        if given != points[name]:
            yield f"the rubric of {name} gives {given} points, the notebook {points[name]}"
    wrong = {mistake.answer for mistake in of_set.mistakes}
    for name, tests in questions.items():
        if not tests:
            yield f"{name} has no test"
        if name not in by_hand and name not in wrong:
            yield f"wrong.py has no wrong answer to {name}"
        if name not in by_hand and name not in about["mistakes"]:
            yield f"set.toml names no typical mistake of {name}"
    if len(of_set.mistakes) < 7:
        yield f"{len(of_set.mistakes)} known wrong answers: at least seven"


def faults_of_release(of_set, release):
    """Lines of solutions and hidden tests that students would be given."""
    given = [cell.source for cell in release.cells]
    told = [
        line.strip() for cell in of_set.notebook.cells for line in SOLUTION.sub("", cell.source).splitlines()
    ]
    for cell in of_set.notebook.cells:
        for region in SOLUTION.findall(cell.source):
            for line in map(str.strip, region.splitlines()):
                if len(line) > 12 and line not in told and any(line in source for source in given):
                    yield f"the release holds this line: {line}"
    for source in given:
        if "BEGIN" in source or "HIDDEN" in source:
            yield "the release holds a marker of a solution or a hidden test"
    for cell in of_set.cells("explain"):
        if any(cell.source in source for source in given):
            yield f"the release holds the answer to {sets.grade_id(cell)}"


def faults_of_grades(of_set, row, tests):
    """What the grades of the solutions or of an untouched notebook should have been."""
    if not row.graded:
        yield f"{row.student}: {row.status}"
    passed = {name: [told["passed"] for told in outcomes] for name, outcomes in tests.items()}
    if row.student == "untouched":
        for name, of_seeds in passed.items():
            if any(of_seeds):
                yield f"{name} is passed without an answer"
        if any(row.scores.values()):
            yield f"the untouched release gets points: {row.scores}"
        return
    for name, of_seeds in passed.items():
        if not all(of_seeds):
            yield f"the solution fails {name}: {first_message(tests[name])}"
        elif row.scores[name] != of_set.points[name]:
            yield f"{name} is passed and gets {row.scores[name]} points"


def faults_of_mistake(mistake, tests):
    """Whether a known wrong answer loses points in its own question for each seed, and only there."""
    told = f"the wrong answer {mistake.name!r} to {mistake.answer}"
    passed = {name: [told["passed"] for told in outcomes] for name, outcomes in tests.items()}
    for name, of_seeds in passed.items():
        if sets.question_of(name) != mistake.answer and not all(of_seeds):
            yield f"{told} fails {name}: {first_message(tests[name])}"
    own = [of_seeds for name, of_seeds in passed.items() if sets.question_of(name) == mistake.answer]
    unnoticed = [seed for seed, *results in zip(SEEDS_OF_MISTAKES, *own) if all(results)]
    if unnoticed:
        yield f"{told} passes with the seeds {unnoticed}"


def first_message(outcomes):
    return next(told["message"] for told in outcomes if not told["passed"])


def faults_of_variants(of_set):
    """Numbers of students that are too much alike, or on which a common mistake is right."""
    numbers = sorted(numbers_of(of_set))
    if not numbers:
        yield "no question has numbers of its own for each student"
        return
    questions = [cell for cell in of_set.cells("answer") if used_in(cell.source).intersection(numbers)]
    mistakes = [m for m in of_set.mistakes if m.answer in {sets.grade_id(cell) for cell in questions}]
    if not any("variant(" in mistake.source for mistake in mistakes):
        yield "wrong.py has no answer with a friend's numbers"
    seen, harmless = set(), {}
    for number in range(IDS):
        names = setup(of_set, f"student {number}")
        seen.add(repr([names[name] for name in numbers]))
        right = {sets.grade_id(cell): run(cell.source, names) for cell in questions}
        for mistake in mistakes:
            if "variant(" in mistake.source:
                continue
            found = run(mistake.source, names)
            if not any(difference(found.get(name), value) for name, value in right[mistake.answer].items()):
                harmless.setdefault(mistake.name, number)
    if len(seen) < DISTINCT:
        yield f"{IDS} students have {len(seen)} different sets of numbers"
    for name, number in harmless.items():
        yield f"for student {number} the wrong answer {name!r} is right"


def numbers_of(of_set):
    """The names that setup cells give to a student's numbers."""
    return {
        node.targets[0].id
        for cell in of_set.cells("setup")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Assign) and "variant(" in ast.unparse(node.value)
    }


def used_in(source):
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


@functools.lru_cache(100)
def compiled(source):
    return compile(source, "cell", "exec")


def setup(of_set, student):
    """What a student's notebook defines before the first answer."""
    names = {"__name__": "check"}
    for cell in of_set.cells("setup", "student"):
        source = f"STUDENT_ID = {student!r}" if sets.kind_of(cell) == "student" else cell.source
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compiled(source), names)
    return names


def run(source, names):
    """The plain values that a cell defines."""
    found = dict(names)
    exec(compiled(source), found)
    return {
        name: value
        for name, value in found.items()
        if (name not in names or names[name] is not value) and not callable(value) and name != "__builtins__"
    }
