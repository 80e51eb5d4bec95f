"""Runs one submission and says which tests it passes. The tests run here, the student's code elsewhere.

A test cell of the source notebook sees two kinds of names. What setup cells define is ours and computed here.
What an answer defines is asked of the student's process: a value is fetched, a function called there, with
arguments and results as plain data. So nothing that a student's code patches or returns can pass a test by
itself. Run as a program by `assignments.grading.classroom`.
"""

import ast
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import nbformat

from assignments.grading import bridge, sets
from assignments.grading.kernel import AnswerError, Kernel, KernelDied, KernelStuck
from convlib.practice import same_student

SECONDS_OF_CELL = 10
SECONDS_IN_ALL = 150
RESTARTS = 4
# modules with a ready-made convolution, or that an answer has no use for: worth a look
UNUSUAL = {"convlib", "cv2", "jax", "keras", "scipy", "skimage", "tensorflow", "torch"}
UNUSUAL |= {"ctypes", "gc", "importlib", "inspect", "multiprocessing", "os", "pathlib", "psutil", "requests"}
UNUSUAL |= {"shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "threading", "urllib"}
UNUSUAL |= {"open", "eval", "exec", "__import__"}
CALLED = r"\b(open|eval|exec|__import__)\("
READY_MADE = r"\.(convolve|correlate|convolve2d|correlate2d|fftconvolve)\b"


class Session:
    """A submission's process, begun anew where it has ended or does not answer."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.history = []  # what has run to its end
        self.restarts = 0
        self.end_of_time = time.monotonic() + SECONDS_IN_ALL
        self.kernel = None
        self.begin()

    def begin(self):
        self.kernel = Kernel(self.folder)
        for source in self.history:
            self.kernel.run(source, SECONDS_OF_CELL)

    def seconds(self):
        left = self.end_of_time - time.monotonic()
        if left <= 0 or self.kernel is None:
            raise AnswerError("the time for this submission was over before this was reached")
        return min(SECONDS_OF_CELL, left)

    def attempt(self, what, action):
        """The result of an action, or an AnswerError that says how the process failed."""
        seconds = self.seconds()
        try:
            return action(seconds)
        except (KernelStuck, KernelDied) as failure:
            self.kernel.end()
            self.kernel = None
            self.restarts += 1
            if self.restarts <= RESTARTS:
                try:
                    self.begin()
                except (KernelStuck, KernelDied):
                    self.kernel = None
            told = (
                f"did not end within {SECONDS_OF_CELL} seconds"
                if isinstance(failure, KernelStuck)
                else "ended the process"
            )
            raise AnswerError(f"{what} {told}") from None

    def run(self, source):
        """The outputs of a cell; an error is one of them."""
        try:
            outputs = self.attempt("this cell", lambda seconds: self.kernel.run(source, seconds))
        except AnswerError as error:
            return [error_output("AnswerError", str(error))]
        self.history.append(source)
        return outputs

    def ask(self, name, call=None):
        return self.attempt(name, lambda seconds: self.kernel.ask(name, seconds, call))


class TrustedSession:
    """In place of a process: for answers that are ours, such as the known wrong ones of a set."""

    def __init__(self):
        self.names = {"__name__": "answers"}

    def run(self, source):
        """No outputs; an error is one, as in a process."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, "answer", "exec"), self.names)
        except Exception as error:
            return [error_output(type(error).__name__, str(error))]
        return []

    def ask(self, name, call=None):
        if name not in self.names:
            raise NameError(f"{name} is not there")
        value = self.names[name]
        if call is not None:
            arguments, keywords = bridge.decode(bridge.encode(call))
            value = value(*arguments, **keywords)
        return bridge.decode(bridge.encode(value))


def error_output(kind, message):
    return nbformat.v4.new_output("error", ename=kind, evalue=message, traceback=[f"{kind}: {message}"])


class Tests:
    """The tests of a set for one student."""

    def __init__(self, of_set, session):
        self.session = session
        self.set = of_set
        self.names = {"__name__": "judge"}
        for cell in of_set.cells("setup", "student"):
            exec(compile(cell.source, "setup", "exec"), self.names)

    def outcome(self, cell, seed):
        """{"passed", "message", "seed"} of a test cell."""
        os.environ["CONVLIB_SEED"] = str(seed)
        names = dict(self.names)
        used = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
        told = {"passed": False, "seed": seed}
        try:
            for name, kind in self.set.names.items():
                if name in used:
                    names[name] = self.function(name) if kind == "function" else self.session.ask(name)
            exec(compile(cell.source, "test", "exec"), names)
        except AssertionError as error:
            return told | {"message": str(error) or "a condition of the visible test does not hold"}
        except Exception as error:
            return told | {"message": f"{type(error).__name__}: {error}"}
        return told | {"passed": True, "message": ""}

    def function(self, name):
        def call(*arguments, **keywords):
            return self.session.ask(name, (arguments, keywords))

        return call


def judge(of_set, notebook, owner, seeds, compiled):
    """Run a tidy notebook of a student, the tests in their places.

    ``compiled`` is a folder of convlib's compiled code, to be copied; made from this run if it is not there.

    Returns {"tests": {name: outcomes, one a seed}, "outputs": {cell's index: outputs}, "notes": [words]}.
    """
    with tempfile.TemporaryDirectory(prefix="a", ignore_cleanup_errors=True) as desk:
        desk = Path(desk)
        if compiled.exists():
            shutil.copytree(compiled, desk / "compiled")
        session = Session(desk)
        try:
            tests, outputs = run_through(of_set, notebook, owner, seeds, session)
            notes = [*notes_on(of_set, notebook), *notes_after(session, owner)]
        finally:
            if session.kernel:
                session.kernel.end()
            if not compiled.exists() and (desk / "compiled").exists():
                shutil.copytree(desk / "compiled", compiled)
    return {"tests": tests, "outputs": outputs, "notes": notes}


def run_through(of_set, notebook, owner, seeds, session):
    """({test: outcomes, one a seed}, {cell's index: outputs}) of a notebook's cells in their order."""
    tests_of = {sets.grade_id(cell): cell for cell in of_set.cells("test")}
    outcomes, outputs = {}, {}
    with tempfile.TemporaryDirectory() as work:
        # nbgrader runs a notebook in a folder …/student/assignment, from which a test tells whose it is
        here = Path(work, owner, of_set.name)
        here.mkdir(parents=True)
        with chdir(here):
            tests = Tests(of_set, session)
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                if sets.kind_of(cell) == "test":
                    name = sets.grade_id(cell)
                    outcomes[name] = [tests.outcome(tests_of[name], seed) for seed in seeds]
                else:
                    outputs[index] = session.run(cell.source)
    return outcomes, outputs


def notes_on(of_set, notebook):
    """What a person should look at in the code of the answers."""
    ours = {sets.grade_id(cell) for cell in of_set.cells("setup", "test")}
    words, ready_made = set(), set()
    for cell in notebook.cells:
        if cell.cell_type == "code" and sets.grade_id(cell) not in ours:
            imported = re.findall(r"\b(?:import|from)\b(.*)", cell.source)
            words |= set(re.findall(r"\w+", " ".join(imported)))
            words |= set(re.findall(CALLED, cell.source))
            ready_made |= set(re.findall(READY_MADE, cell.source))
    unusual = sorted(words & UNUSUAL | ready_made)
    return [f"uses {', '.join(unusual)}"] if unusual else []


def notes_after(session, owner):
    """How the process did, and whose numbers it worked with."""
    notes = [f"begun anew {session.restarts} times"] if session.restarts else []
    try:
        typed = session.ask("STUDENT_ID")
    except Exception:
        return notes
    if isinstance(typed, str) and not typed.strip():
        notes.append("STUDENT_ID is empty, so the numbers worked with are nobody's")
    elif isinstance(typed, str) and not same_student(typed, owner):
        notes.append(f"STUDENT_ID says {typed[:40]!r}")
    return notes


def main():
    name, course, notebook, owner, outcome, compiled, *seeds = sys.argv[1:]
    told = judge(
        sets.load(name, course),
        nbformat.read(notebook, as_version=4),
        owner,
        [int(seed) for seed in seeds],
        Path(compiled),
    )
    Path(outcome).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
