"""The explorers in a real JupyterLab: who computes, and what happens when the kernel goes away.

The walks are short here; CONVLIB_WALK=200 makes them long.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat
import numpy as np
import pytest
from in_page import choose, press, settings_of, settle, slider
from in_page import shown as shown_in_page
from jupyter_client import BlockingKernelClient
from test_every_explorer import KINDS, move

from convlib.explorers import FilterBench, LearnKernel, SlidingWindow

STEPS = int(os.environ.get("CONVLIB_WALK") or 8)
# what happens without a kernel is the same for all: asked of one that computes numbers, pictures, a training
LONELY = KINDS if os.environ.get("CONVLIB_WALK") else (SlidingWindow, FilterBench, LearnKernel)
# sleeps without giving up Python's lock, so that no other thread of the kernel answers either
BUSY = "import ctypes; _ = ctypes.PyDLL(None).usleep(4_000_000)"


# by default it has one slider, which changes nothing that is computed
OPTIONS = {SlidingWindow: {"controls": ("step", "padding", "stride")}}


@contextmanager
def run_lab(folder, kinds=KINDS):
    """A JupyterLab of our own with a notebook for each kind of explorer; gives its address."""
    for kind in kinds:
        name = kind.__name__
        code = f"from convlib.explorers import {name}\nexplorer = {name}(**{OPTIONS.get(kind, {})})\nexplorer"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--notebook-dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]  # as `jupyterapp`
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME")}
    environment = os.environ | own | {"JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{address}/api/status"), 40)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def answers(address):
    try:
        return urllib.request.urlopen(address, timeout=2).status == 200
    except OSError:
        return False


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.2)


def open_lab(browser, address):
    """A browser page with JupyterLab, and no notebook in it."""
    page = browser.new_context(viewport={"width": 1300, "height": 1400}).new_page()
    page.goto(f"{address}/lab?reset")
    page.wait_for_function("window.jupyterapp?.restored.then(() => true)", timeout=40000)
    return page


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """A page with a running JupyterLab, its address and its folder: loading takes longer than most tests."""
    folder = tmp_path_factory.mktemp("lab")
    with run_lab(folder) as address:
        page = open_lab(browser, address)
        yield page, address, folder
        page.context.close()


class Notebook:
    """A notebook with one explorer, open in the browser, and its kernel."""

    def __init__(self, page, address, folder, kind):
        self.page = page
        path = f"{kind.__name__}.ipynb"
        # not awaited: it says that it is done some seconds after it is
        page.evaluate("(path) => void jupyterapp.commands.execute('docmanager:open', { path })", path)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=40000)
        self.run_all()
        sessions = json.load(urllib.request.urlopen(f"{address}/api/sessions"))
        (kernel,) = {s["kernel"]["id"] for s in sessions if s["path"] == path}
        self.file = folder / "runtime" / f"kernel-{kernel}.json"

    def close(self):
        """Close the notebook, what was not saved with it, and end its kernel."""
        self.page.evaluate(
            """async () => {
              for (const widget of [...jupyterapp.shell.widgets("main")]) widget.dispose();
              await jupyterapp.serviceManager.sessions.shutdownAll();
            }"""
        )

    def menu(self, *items):
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{items[0]}$")).click()
        self.page.locator(".lm-Menu-item", has_text=re.compile(items[1])).first.click()

    def run_all(self):
        self.page.evaluate("document.querySelectorAll('.convlib-explorer').forEach((root) => root.remove())")
        self.menu("Run", "^Run All Cells")
        self.wait_for("kernel")

    def wait_for(self, who, timeout=20000):
        """Wait until what is shown was computed by the kernel or by the page, from what is asked for now."""
        self.page.wait_for_function(
            """(who) => {
              const root = document.querySelector(".convlib-explorer");
              return root?.dataset.computedBy === who && !root.explorer.isWaiting();
            }""",
            arg=who,
            timeout=timeout,
        )

    def is_waiting(self):
        """Whether the kernel was asked and has not answered."""
        return self.page.evaluate("document.querySelector('.convlib-explorer').explorer.isWaiting()")

    def wait_to_show(self, condition, timeout=20000):
        """Wait until the condition holds for the explorer's state and result."""
        self.page.wait_for_function(
            "() => { const { state, result } = document.querySelector('.convlib-explorer').explorer; "
            f"return {condition}; }}",
            timeout=timeout,
        )

    def output(self):
        settle(self.page)
        return shown_in_page(self.page)[1]["output"]

    @contextmanager
    def python(self):
        """The kernel, for running code beside the notebook: a function from code to what it prints."""
        client = BlockingKernelClient(connection_file=str(self.file))
        client.load_connection_file()
        client.start_channels()

        def run(code):
            printed = []
            reply = client.execute_interactive(
                code, timeout=20, output_hook=lambda message: printed.append(message["content"])
            )
            assert reply["content"]["status"] == "ok", reply["content"]
            return "".join(content.get("text", "") for content in printed)

        run.client = client
        yield run
        client.stop_channels()


@pytest.fixture
def open_notebook(lab):
    """A factory of the open notebook of a kind of explorer."""
    opened = []

    def open_one(kind):
        opened.append(Notebook(*lab, kind))
        return opened[-1]

    yield open_one
    for notebook in opened:
        notebook.close()


def assert_as_in_python(notebook, explorer, who):
    """What is on the screen is legal, was computed by `who`, and is what this process computes too."""
    notebook.wait_for(who)
    state, arrays, by = shown_in_page(notebook.page)
    assert by == who
    settings = settings_of(explorer, state)
    legal = explorer.legal(explorer.decode(settings))
    assert explorer.encode(legal) == settings
    for name, array in explorer.compute(legal).items():
        # the kernel runs on all cores, in another order of addition than one thread may have
        within = 2e-6 * max(np.abs(array).max(initial=0), 1)
        np.testing.assert_allclose(arrays[name], array, atol=within, rtol=0, err_msg=f"{name} of {state}")
    return settings


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_kernel_and_page_agree_on_a_walk(open_notebook, kind):
    notebook, explorer = open_notebook(kind), kind(**OPTIONS.get(kind, {}))
    rng = np.random.default_rng(9)
    page = notebook.page
    walked = []
    with notebook.python() as python:
        for _ in range(STEPS):
            walked.append(move(page, explorer, rng))
            try:
                settings = assert_as_in_python(notebook, explorer, "kernel")
            except AssertionError as error:
                raise AssertionError(f"after {walked[-3:]}: {error}") from error
        plain = "{k: v for k, v in explorer.encode(explorer.state).items() if not isinstance(v, bytes)}"
        in_kernel = json.loads(python(f"import json; print(json.dumps({plain}))"))
        assert in_kernel == {name: value for name, value in settings.items() if name in in_kernel}
        assert float(python("print(float(abs(explorer.result).sum()))")) == pytest.approx(
            float(np.abs(notebook.output()).sum()), rel=1e-5
        )


@pytest.mark.parametrize("kind", LONELY, ids=lambda kind: kind.__name__)
def test_the_page_goes_on_without_the_kernel_and_asks_it_again(open_notebook, kind):
    notebook, explorer = open_notebook(kind), kind(**OPTIONS.get(kind, {}))
    rng = np.random.default_rng(9)
    page = notebook.page
    with notebook.python() as python:
        python.client.execute(BUSY)
        page.wait_for_timeout(200)
        while not notebook.is_waiting():  # some movements need no computing
            move(page, explorer, rng)
        notebook.wait_for("page", 4000)
        assert_as_in_python(notebook, explorer, "page")
        notebook.wait_for("kernel", 15000)

    notebook.menu("Kernel", r"^Restart Kernel…")
    page.locator(".jp-Dialog button.jp-mod-warn, .jp-Dialog button.jp-mod-accept").last.click()
    notebook.wait_for("page")
    move(page, explorer, rng)
    assert_as_in_python(notebook, explorer, "page")
    notebook.run_all()
    assert_as_in_python(notebook, explorer, "kernel")


def test_a_killed_kernel_is_noticed_and_its_successor_asked(open_notebook):
    notebook, explorer = open_notebook(SlidingWindow), SlidingWindow()
    with notebook.python() as python:
        process = int(python("import os; print(os.getpid())"))
    os.kill(process, signal.SIGKILL)
    notebook.wait_for("page")
    press(notebook.page, "step", "End")
    assert_as_in_python(notebook, explorer, "page")
    notebook.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=40000)
    dialog = notebook.page.locator(".jp-Dialog button.jp-mod-accept")
    if dialog.count():
        dialog.last.click()
    notebook.run_all()
    assert_as_in_python(notebook, explorer, "kernel")


def test_what_python_sets_is_shown(open_notebook):
    notebook, expected = open_notebook(SlidingWindow), SlidingWindow()
    with notebook.python() as python:
        python("explorer.update(padding=2, padding_mode='circular', step=7)")
        notebook.wait_to_show("state.step === 7")
        expected.update(padding=2, padding_mode="circular", step=7)
        notebook.wait_to_show("result.output.shape[0] === 7")
        np.testing.assert_array_equal(notebook.output(), expected.result)
        assert slider(notebook.page, "step").get_attribute("aria-valuenow") == "7.0"


def test_the_keyboard_belongs_to_the_explorer_and_not_to_the_notebook(open_notebook):
    notebook = open_notebook(SlidingWindow)
    page = notebook.page
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.locator("[data-explorer=SlidingWindow] table").last.locator("td").first.focus()
    for key in ("ArrowDown", "b", "Enter"):  # b would add a cell
        page.keyboard.press(key)
    notebook.wait_to_show("state.step === 3")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_a_picture_uploaded_in_the_lab_reaches_python(open_notebook, tmp_path):
    from PIL import Image

    notebook = open_notebook(FilterBench)
    Image.fromarray(np.full((300, 400), 77, np.uint8)).save(tmp_path / "grey.png")
    notebook.page.locator("input[type=file]").set_input_files(tmp_path / "grey.png")
    notebook.wait_to_show("state.upload_shape.length")
    notebook.wait_for("kernel")
    assert np.abs(notebook.output()).max() == 0
    with notebook.python() as python:
        said = python("p = explorer.picture; print(p.shape, p.min(), p.max(), abs(explorer.result).max())")
    assert said.split() == ["(256,", "256)", "77", "77", "0.0"]
    choose(notebook.page, "preset", "laplacian")
    notebook.wait_to_show("state.preset === 'laplacian'")
