"""The explorers in a real JupyterLab: who computes, and what happens when the kernel goes away."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat
import numpy as np
import pytest
from jupyter_client import BlockingKernelClient

from convlib.explorers import FilterBench, SlidingWindow

CELLS = [
    "from convlib.explorers import FilterBench, SlidingWindow\nbench = FilterBench()\nbench",
    "sliding = SlidingWindow(controls=('step', 'padding'))\nsliding",
]
# sleeps without giving up Python's lock, so that no other thread of the kernel answers either
BUSY = "import ctypes; _ = ctypes.PyDLL(None).usleep(5_000_000)"


@contextmanager
def run_lab(folder):
    """A JupyterLab of our own on a new notebook in the folder; gives its address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "explorers.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--notebook-dir={folder}"]
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


def open_notebook(page, address):
    """Open the notebook and wait for its kernel."""
    page.goto(f"{address}/lab/tree/explorers.ipynb?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=40000)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address and the folder of a running JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    with run_lab(folder) as address:
        yield address, folder


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


@pytest.fixture(scope="module")
def opened(lab, browser):
    """The notebook in the browser."""
    context = browser.new_context(viewport={"width": 1300, "height": 1400})
    page = context.new_page()
    open_notebook(page, lab[0])
    yield page
    context.close()


@pytest.fixture
def notebook(opened):
    """The open notebook, both cells run anew, its explorers computed by the kernel."""
    run_all(opened)
    return opened


@pytest.fixture
def python(lab, notebook):
    """The notebook's kernel, for running code beside the notebook."""
    (file,) = (lab[1] / "runtime").glob("kernel-*.json")
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    yield client
    client.stop_channels()


def run(python, code):
    """What code prints in the notebook's kernel."""
    printed = []
    keep = lambda message: printed.append(message["content"])  # noqa: E731
    reply = python.execute_interactive(code, timeout=20, output_hook=keep)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(content.get("text", "") for content in printed)


def menu(page, *items):
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{items[0]}$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile(items[1])).first.click()


def run_all(page):
    page.evaluate("document.querySelectorAll('.convlib-explorer').forEach((root) => root.remove())")
    menu(page, "Run", "^Run All Cells")
    wait_for(page, "FilterBench", "kernel")
    wait_for(page, "SlidingWindow", "kernel")


def wait_for(page, name, who, timeout=20000):
    page.wait_for_function(
        """([name, who]) => document.querySelector(`[data-explorer=${name}]`)?.dataset.computedBy === who""",
        arg=[name, who],
        timeout=timeout,
    )


def wait_to_show(page, name, condition, timeout=20000):
    """Wait until the condition holds for the explorer's state and result."""
    root = f"document.querySelector('[data-explorer={name}]')"
    page.wait_for_function(
        f"() => {{ const {{ state, result }} = {root}.explorer; return {condition}; }}", timeout=timeout
    )


def output(page, name):
    read = page.locator(f"[data-explorer={name}]").evaluate(
        "(root) => { const { data, shape } = root.explorer.result.output; return [[...data], shape]; }"
    )
    return np.array(read[0], np.float32).reshape(read[1])


def slider(page, name):
    return page.locator(f".widget-slider:has(label:text-is('{name}')) .noUi-handle")


def test_the_kernel_computes_and_agrees(notebook, python):
    page, bench = notebook, FilterBench()
    # the kernel runs on all cores, in another order of addition than one thread may have
    np.testing.assert_allclose(output(page, "FilterBench"), bench.result, atol=1e-3)
    slider(page, "size").focus()
    page.keyboard.press("ArrowRight")
    wait_to_show(page, "FilterBench", "state.size === 5")
    wait_for(page, "FilterBench", "kernel")
    bench.size = 5
    np.testing.assert_allclose(output(page, "FilterBench"), bench.result, atol=1e-3)

    cell = page.locator("[data-explorer=SlidingWindow] table").first.locator("td").nth(5)
    cell.click()
    page.keyboard.press("9")
    page.keyboard.press("Enter")
    expected = SlidingWindow()
    changed = expected.input.copy()
    changed[1, 1] = 9
    expected.input = changed
    wait_to_show(page, "SlidingWindow", "state.input[1][1] === 9")
    wait_for(page, "SlidingWindow", "kernel")
    np.testing.assert_array_equal(output(page, "SlidingWindow"), expected.result)

    code = "import json; print(json.dumps([bench.result.shape, bench.size, sliding.result.tolist()]))"
    said = run(python, code)
    assert json.loads(said) == [[256, 256], 5, expected.result.tolist()]

    run(python, "sliding.update(padding=2, padding_mode='circular', step=7)")
    wait_to_show(page, "SlidingWindow", "state.step === 7")
    expected.update(padding=2, padding_mode="circular", step=7)
    wait_to_show(page, "SlidingWindow", "result.output.shape[0] === 7")
    np.testing.assert_array_equal(output(page, "SlidingWindow"), expected.result)
    assert slider(page, "padding").get_attribute("aria-valuenow") == "2.0"


def test_the_keyboard_belongs_to_the_explorer_and_not_to_the_notebook(notebook):
    page, cells = notebook, notebook.locator(".jp-Notebook .jp-Cell").count()
    page.locator(".convlib-explorer-box select").first.focus()
    page.keyboard.press("ArrowDown")
    wait_to_show(page, "FilterBench", "state.preset === 'laplacian'")
    page.locator("[data-explorer=SlidingWindow] table").last.locator("td").first.focus()
    for key in ("ArrowDown", "b", "Enter"):  # b would add a cell
        page.keyboard.press(key)
    wait_to_show(page, "SlidingWindow", "state.step === 3")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_a_picture_uploaded_in_the_lab_reaches_python(notebook, python, tmp_path):
    from PIL import Image

    page = notebook
    Image.fromarray(np.full((300, 400), 77, np.uint8)).save(tmp_path / "grey.png")
    page.locator("input[type=file]").set_input_files(tmp_path / "grey.png")
    wait_to_show(page, "FilterBench", "state.upload_shape.length")
    wait_for(page, "FilterBench", "kernel")
    assert np.abs(output(page, "FilterBench")).max() == 0
    said = run(
        python,
        "print(bench.picture.shape, bench.picture.min(), bench.picture.max(), abs(bench.result).max())",
    )
    assert said.split() == ["(256,", "256)", "77", "77", "0.0"]


def test_a_busy_kernel_is_not_waited_for_and_comes_back(notebook, python):
    page, bench = notebook, FilterBench()
    python.execute(BUSY)
    page.wait_for_timeout(300)
    slider(page, "size").focus()
    page.keyboard.press("End")
    wait_for(page, "FilterBench", "page", 4000)
    bench.size = 7
    np.testing.assert_allclose(output(page, "FilterBench"), bench.result, atol=2e-2)
    page.keyboard.press("Home")  # at once: nobody is asked before the kernel answers again
    wait_to_show(page, "FilterBench", "state.size === 3", 500)
    wait_for(page, "FilterBench", "kernel", 10000)


def test_after_a_restart_the_page_goes_on_alone_and_new_cells_ask_the_new_kernel(notebook):
    page = notebook
    menu(page, "Kernel", r"^Restart Kernel…")
    page.locator(".jp-Dialog button.jp-mod-warn, .jp-Dialog button.jp-mod-accept").last.click()
    wait_for(page, "FilterBench", "page")
    slider(page, "size").focus()
    page.keyboard.press("ArrowRight")
    wait_to_show(page, "FilterBench", "state.size === 5", 1000)
    assert page.locator("[data-explorer=FilterBench]").get_attribute("data-computed-by") == "page"
    run_all(page)
