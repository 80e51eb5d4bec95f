"""What explorers share: settings, bounds, messages to a view, bytes, and in a page links and neighbours."""

import json
import subprocess
import sys

import ipywidgets as widgets
import numpy as np
import pytest
from in_page import assert_as_in_python, follow, press, settings_of, shown, slider
from ipywidgets.embed import embed_data

from convlib.explorers import Dilation, DilationStack, FilterBench, PaddingLab, SizeLedger, SlidingWindow

GRID = np.arange(16.0).reshape(4, 4)
WEIGHT = np.array([[0, 1], [2, 3]])
MINE = np.arange(60.0).reshape(6, 10) / 4
# a kind of explorer, and arguments that are not its own
ARGUMENTS = {
    Dilation: {"input": MINE, "kernel": [[1, -2], [3, 0], [0.5, 1]]},
    DilationStack: {"dilations": [1, 2, 7], "kernel_size": 2},
    PaddingLab: {"input": np.arange(25.0).reshape(5, 5), "padding": 0, "mode": "reflect"},
    SizeLedger: {"input_size": 8, "kernel_size": 3, "stride": 2},
}


# In Python


def test_importing_convlib_does_not_import_widgets():
    code = (
        "import convlib, sys; print([m for m in ('ipywidgets', 'anywidget', 'IPython') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_module_that_is_not_built_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("convlib.explorers.explorer.HERE", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"sliding_window.js has not been built yet: run make"):
        SlidingWindow()


def test_a_setting_changed_in_python_changes_view_control_and_result_together():
    explorer = SlidingWindow(GRID, WEIGHT, controls=("step", "padding", "padding_mode"))
    explorer.update(padding=1, padding_mode="circular", step=24)
    assert explorer.view.padding == 1
    assert [control.value for _, control in explorer.controls] == [24, 24, 1, "circular"]
    assert explorer.controls[0][1].max == 24
    assert explorer.result.shape == (5, 5)


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(TypeError, match="no setting speed; there are"):
        SlidingWindow().update(speed=2)


def test_two_explorers_do_not_share_their_state():
    first, second = SlidingWindow(GRID, WEIGHT), SlidingWindow(GRID, WEIGHT)
    first.update(input=GRID + 1, padding=1)
    np.testing.assert_array_equal(second.result, SlidingWindow(GRID, WEIGHT).result)
    assert first.result.shape != second.result.shape


def test_the_input_of_the_caller_stays_his():
    mine = GRID.copy()
    explorer = SlidingWindow(mine, WEIGHT)
    explorer.input = GRID * 2
    np.testing.assert_array_equal(mine, GRID)


def test_explorers_share_code_engine_and_picture():
    first, second = FilterBench(), FilterBench()
    assert first.view.shared == second.view.shared
    assert first.view.shared["engine"] == SlidingWindow().view.shared["engine"]


def test_a_closed_share_is_made_anew():
    before = FilterBench().view.shared["engine"]
    widgets.Widget.close_all()
    after = FilterBench().view.shared["engine"]
    assert before != after


def test_two_explorers_cost_little_more_than_one():
    def size_with(explorer):
        # of the state of all widgets that exist, the first explorer's too
        return len(json.dumps(embed_data(views=explorer)["manager_state"]))

    widgets.Widget.close_all()
    one = size_with(FilterBench())
    two = size_with(FilterBench())
    assert two - one < 15_000


def ask(explorer, state, monkeypatch, binary=(), buffers=()):
    """The messages that Python sends back to a view that asks about these settings."""
    sent = []
    monkeypatch.setattr(explorer.view, "send", lambda content, buffers=None: sent.append((content, buffers)))
    message = {"type": "ask", "from": "me", "sequence": 7, "settings": state, "binary": list(binary)}
    try:
        explorer._answer(explorer.view, message, list(buffers))
    finally:
        monkeypatch.undo()
    return sent


def test_python_answers_for_the_state_in_the_question_and_not_for_its_own(monkeypatch):
    explorer = SlidingWindow(GRID, WEIGHT)
    ((content, buffers),) = ask(explorer, explorer.view.settings() | {"stride": 3}, monkeypatch)
    assert content["from"] == "me"
    assert content["sequence"] == 7
    assert content["type"] == "result"
    output = np.frombuffer(buffers[1], np.float32).reshape(content["shapes"]["output"])
    np.testing.assert_array_equal(output, SlidingWindow(GRID, WEIGHT, stride=3).result)
    assert explorer.stride == 1


@pytest.mark.parametrize("kind", [Dilation, DilationStack, PaddingLab, SizeLedger])
def test_python_answers_with_every_array(kind, monkeypatch):
    explorer = kind()
    ((content, buffers),) = ask(explorer, explorer.view.settings(), monkeypatch)
    expected = explorer.compute(explorer.state)
    assert list(content["shapes"]) == list(expected)
    for (name, array), buffer in zip(expected.items(), buffers, strict=True):
        answered = np.frombuffer(buffer, np.float32).reshape(content["shapes"][name])
        np.testing.assert_array_equal(answered, array)


def test_an_uploaded_picture_comes_with_the_question(monkeypatch):
    bench = FilterBench(kernel="identity")
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16)
    settings = bench.view.settings() | {"upload_shape": [16, 16]}
    del settings["upload"]
    ((content, buffers),) = ask(bench, settings, monkeypatch, ["upload"], [memoryview(picture.tobytes())])
    output = np.frombuffer(buffers[0], np.float32).reshape(content["shapes"]["output"])
    np.testing.assert_array_equal(output, picture)


def test_an_error_in_python_is_sent_to_the_view_and_raised(monkeypatch):
    explorer = SlidingWindow(GRID, WEIGHT)
    sent = []
    monkeypatch.setattr(explorer.view, "send", lambda content, buffers=None: sent.append(content))
    settings = explorer.view.settings() | {"padding_mode": 9}
    with pytest.raises(IndexError):
        message = {"type": "ask", "from": "me", "sequence": 1, "settings": settings, "binary": []}
        explorer._answer(explorer.view, message, [])
    words = "IndexError: tuple index out of range"
    assert sent == [{"type": "error", "from": "me", "sequence": 1, "message": words}]


# In a page


@pytest.mark.parametrize("kind", ARGUMENTS, ids=lambda kind: kind.__name__)
def test_an_explorer_keeps_its_own_arguments_beside_one_that_is_moved(show, kind):
    first, second = kind(), kind(**ARGUMENTS[kind])
    page = show(first, second)
    before = shown(page)[0]
    for name in first.bounds(first.state):
        if slider(page, name).is_visible():
            press(page, name, "End")
    assert shown(page)[0] != before
    state, _ = assert_as_in_python(page, second, number=1, rtol=0)
    assert settings_of(second, state) == second.view.initial
    page.get_by_role("button", name="Reset").first.press("Enter")
    assert shown(page)[0] == before
    assert shown(page, 1)[0] == state


def test_a_link_moves_only_the_explorer_that_it_names(show):
    page = show(SlidingWindow(), SlidingWindow())
    first, second = page.locator(".convlib-explorer").evaluate_all("(all) => all.map((e) => e.dataset.label)")
    assert first != second
    follow(page, "step=3", number=1)
    assert [shown(page, number)[0]["step"] for number in (0, 1)] == [0, 3]
