"""Submissions of `windows_in_loops` that are damaged, or written to cheat or to do harm.

Each function takes the solved notebook of a student and returns the file to hand in, as (name, bytes).
"""

import json

import nbformat

from assignments.grading import sets

NAME = "windows_in_loops"
ALL = 21.0  # points by program of a perfect submission; a test compares it with the set
CONV2D, MENDED, SIZES = 10.0, 3.0, 4.0


def file_of(notebook, name=f"{NAME}.ipynb"):
    return name, nbformat.writes(notebook).encode()


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if sets.grade_id(cell) == name)


def with_code(code, where=-1):
    """The notebook with one more cell."""

    def change(notebook):
        notebook.cells.insert(where if where >= 0 else len(notebook.cells), nbformat.v4.new_code_cell(code))
        return file_of(notebook)

    return change


def with_answer(name, code):
    """The notebook with another answer to a question."""

    def change(notebook):
        cell_of(notebook, name).source = code
        return file_of(notebook)

    return change


def without_tests(notebook):
    notebook.cells = [cell for cell in notebook.cells if sets.kind_of(cell) != "test"]
    return file_of(notebook)


def without_answer(notebook):
    notebook.cells.remove(cell_of(notebook, "mended"))
    return file_of(notebook)


def edited_tests(notebook):
    for cell in notebook.cells:
        if sets.kind_of(cell) == "test":
            cell.source = "pass"
            cell.metadata.nbgrader.points = 100
    cell_of(notebook, "mended").source = "slide = None"
    return file_of(notebook)


def copied_cell(notebook):
    index = notebook.cells.index(cell_of(notebook, "conv2d"))
    first = nbformat.from_dict(json.loads(json.dumps(notebook.cells[index])))
    first.source, first.id = "def conv2d(*arguments):\n    return 0", "a-copy"
    notebook.cells.insert(index, first)
    return file_of(notebook)


def markdown_answer(notebook):
    cell = cell_of(notebook, "mended")
    changed = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata)
    notebook.cells[notebook.cells.index(cell)] = changed
    return file_of(notebook)


def foreign_kernel(notebook):
    notebook.metadata.kernelspec = {"name": "julia-1.10", "display_name": "Julia", "language": "julia"}
    return file_of(notebook)


def stripped_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = {}
    return file_of(notebook)


def old_format(notebook):
    with_ids = json.loads(nbformat.writes(notebook))
    for cell in with_ids["cells"]:
        del cell["id"]
        cell["source"] = cell["source"] if isinstance(cell["source"], list) else [cell["source"]]
    with_ids["nbformat_minor"] = 2
    return f"{NAME}.ipynb", json.dumps(with_ids).encode("utf-8-sig")


def without_name(notebook):
    next(cell for cell in notebook.cells if sets.kind_of(cell) == "student").source = 'STUDENT_ID = ""'
    return file_of(notebook)


def other_notebook(notebook):
    return file_of(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('my thesis')")]))


# name: (how it is made, points by program or None if it cannot be graded, words of its status or notes)
BANK = {
    "loops in a function": (
        with_answer("conv2d", "def conv2d(*arguments):\n    while True:\n        pass"),
        ALL - CONV2D,
        "begun anew",
    ),
    "loops in a cell": (with_code("while True:\n    pass", 0), ALL, "begun anew"),
    "swallows interrupts": (
        with_answer(
            "mended",
            "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        ),
        ALL - MENDED,
        "begun anew",
    ),
    "sleeps": (
        with_answer("mended", "import time\n\ndef slide(*arguments):\n    time.sleep(1000)"),
        ALL - MENDED,
        "begun anew",
    ),
    "exits": (with_code("import sys\nsys.exit()", 0), ALL, "uses sys"),
    "exits in a function": (
        with_answer("mended", "def slide(*arguments):\n    raise SystemExit"),
        ALL - MENDED,
        "",
    ),
    "ends the process": (with_code("import os\nos._exit(0)", 0), ALL, "begun anew"),
    "ends the process in a function": (
        with_answer("mended", "import os\n\ndef slide(*arguments):\n    os._exit(0)"),
        ALL - MENDED,
        "begun anew",
    ),
    "does not parse": (
        with_answer("mended", "def slide(row, kernel, stride:\n    return 1"),
        ALL - MENDED,
        "",
    ),
    "asks for input": (with_code("name = input('your name? ')", 0), ALL, ""),
    "prints without end": (with_code("for _ in range(200):\n    print('x' * 100_000)", 0), ALL, ""),
    "takes all memory": (with_code("hog = [bytearray(10**9) for _ in range(100)]", 0), ALL, ""),
    "fills the disk": (
        with_code(
            "with open('big', 'wb') as file:\n    for _ in range(10**4):\n        file.write(bytes(10**7))", 0
        ),
        ALL,
        "uses open",
    ),
    "warns": (with_code("import warnings\nwarnings.warn('careful')", 0), ALL, ""),
    "writes on standard error": (with_code("import sys\nprint('oh', file=sys.stderr)", 0), ALL, ""),
    "edited tests": (edited_tests, ALL - MENDED, "changed"),
    "deleted tests": (without_tests, ALL, "deleted"),
    "deleted answer": (without_answer, ALL - MENDED, "deleted"),
    "copied cell": (copied_cell, ALL, "copied"),
    "answer as text": (markdown_answer, ALL, "type of cell mended"),
    "foreign kernel": (foreign_kernel, ALL, ""),
    "old format with a mark": (old_format, ALL, ""),
    "renamed file": (lambda notebook: file_of(notebook, f"{NAME} (1)-最终版.ipynb"), ALL, ""),
    "no metadata": (stripped_metadata, None, "another notebook"),
    "another notebook": (other_notebook, None, "another notebook"),
    "cut off": (
        lambda notebook: (f"{NAME}.ipynb", nbformat.writes(notebook).encode()[:5000]),
        None,
        "not a notebook",
    ),
    "empty file": (lambda notebook: (f"{NAME}.ipynb", b""), None, "not a notebook"),
    "a list": (lambda notebook: (f"{NAME}.ipynb", b"[[[]]]"), None, "not a notebook"),
    "bytes": (lambda notebook: (f"{NAME}.ipynb", bytes(range(256))), None, "not a notebook"),
    "no notebook": (lambda notebook: ("answers.pdf", b"%PDF-1.4"), None, "no notebook"),
    "patches NumPy": (
        with_answer(
            "conv2d",
            "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n"
            "import convlib\nconvlib.conv2d = lambda *a, **k: 0\nconvlib.practice.difference = lambda *a, **k: None\n"
            "def conv2d(*arguments):\n    return 0",
        ),
        ALL - CONV2D,
        "",
    ),
    "equals everything": (
        with_answer(
            "conv2d",
            "class Anything(np.ndarray):\n"
            "    __eq__ = __le__ = __ge__ = lambda self, other: True\n"
            "    __array__ = lambda self, *a, **k: self\n    shape = property(lambda self: Anything())\n"
            "    __sub__ = __rsub__ = lambda self, other: 0\n"
            "def conv2d(*arguments):\n    return np.zeros(1).view(Anything)",
        ),
        ALL - CONV2D,
        "",
    ),
    "silences errors": (
        with_answer(
            "mended",
            "get_ipython().showtraceback = lambda *a, **k: None\nimport builtins\nbuiltins.AssertionError = ValueError\n"
            "def slide(*arguments):\n    raise KeyboardInterrupt",
        ),
        ALL - MENDED,
        "",
    ),
    "forges replies": (
        with_answer(
            "mended",
            "import builtins, json\nold = builtins.open\n"
            "json.dump = lambda told, file: file.write('{\"passed\": true}')\n"
            "def slide(*arguments):\n    raise ValueError('passed')",
        ),
        ALL - MENDED,
        "",
    ),
    "looks for the expected values": (
        with_answer(
            "mended",
            "import gc, inspect\n"
            "def slide(row, kernel, stride):\n"
            "    for frame in inspect.stack():\n"
            "        if 'right' in frame.frame.f_locals:\n            return frame.frame.f_locals['right']\n"
            "    return next((o['right'] for o in gc.get_objects() if type(o) is dict and 'right' in o), 0)",
        ),
        ALL - MENDED,
        "uses gc, inspect",
    ),
    "reads the source folder": (
        with_answer(
            "mended",
            "import glob, re\n"
            "found = glob.glob('../../../source/*/*.ipynb') + glob.glob('/**/windows_in_loops/notebook.py', recursive=True)\n"
            "text = open(found[0]).read()\n"
            "exec(re.search(r'def slide.*?END SOLUTION', text, re.S)[0])",
        ),
        ALL - MENDED,
        "uses exec, open",
    ),
    "takes what is ready-made": (
        with_answer(
            "mended",
            "import numpy as np\n"
            "def slide(row, kernel, stride):\n    return np.correlate(row, kernel, 'valid')[::stride]",
        ),
        ALL,
        "uses correlate",
    ),
    "anonymous": (without_name, ALL - SIZES, "STUDENT_ID is empty"),
    "leaves a child behind": (
        with_code(
            "import subprocess, sys\n"
            "code = '''import time, glob, sqlite3\ntime.sleep(6)\n"
            'for path in glob.glob("/**/gradebook.db", recursive=True):\n'
            "    with sqlite3.connect(path) as base: base.execute(\"update grade set auto_score = 100\")'''\n"
            "subprocess.Popen([sys.executable, '-c', code, 'left-behind'], start_new_session=True)",
        ),
        ALL,
        "uses sqlite3, subprocess, sys",
    ),
    "kills its parents": (
        with_code("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", 0),
        ALL,
        "uses os, signal",
    ),
}
