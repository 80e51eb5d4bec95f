"""The explorers in Python alone: states, results and errors. Pages and JupyterLab have files of their own."""

import subprocess
import sys

import ipywidgets as widgets
import numpy as np
import pytest

import convlib
from convlib import filters, pictures
from convlib.explorers import FilterBench, SlidingWindow

GRID = np.arange(16.0).reshape(4, 4)
WEIGHT = np.array([[0, 1], [2, 3]])


def test_the_probe_starts_in_the_centre_or_where_it_is_put():
    assert FilterBench().state["probe"] == [128, 128]
    assert FilterBench(probe=(0, 255)).state["probe"] == [0, 255]


def test_the_first_sum_of_the_default_is_nineteen():
    assert SlidingWindow().result[0, 0] == 19


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 3, 2), (3, 2, 3)])
def test_sliding_window_shows_what_conv2d_returns(mode, stride, padding, dilation):
    explorer = SlidingWindow(
        GRID, WEIGHT, bias=2, stride=stride, padding=padding, dilation=dilation, padding_mode=mode
    )
    expected = convlib.conv2d(
        GRID[None],
        WEIGHT[None, None].astype(float),
        np.array([2.0]),
        stride,
        padding,
        dilation,
        padding_mode=mode,
    )
    np.testing.assert_array_equal(explorer.result, expected[0])


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize(
    "preset", ["identity", "box", "gaussian", "sobel row", "sobel column", "laplacian", "sharpen"]
)
def test_filter_bench_keeps_the_size_and_shows_what_conv2d_returns(preset, size, mode):
    bench = FilterBench(kernel=preset, size=size, padding_mode=mode)
    picture = pictures.hopper()[None]
    expected = convlib.conv2d(picture, bench.kernel[None, None], padding="same", padding_mode=mode)[0]
    np.testing.assert_array_equal(bench.result, expected)
    assert bench.kernel.shape == (size, size)
    assert bench.result.shape == picture.shape[1:]


def test_a_setting_changed_in_python_changes_view_control_and_result_together():
    explorer = SlidingWindow(GRID, WEIGHT, controls=("step", "padding", "padding_mode"))
    explorer.update(padding=1, padding_mode="circular", step=24)
    assert explorer.view.padding == 1
    assert [control.value for _, control in explorer.controls] == [24, 24, 1, "circular"]
    assert explorer.controls[0][1].max == 24
    assert explorer.result.shape == (5, 5)


def test_bounds_follow_from_the_other_settings():
    explorer = SlidingWindow(np.zeros((5, 5)), np.zeros((3, 3)), controls=("step", "padding", "dilation"))
    sliders = {name: control for name, control in explorer.controls}
    assert sliders["dilation"].max == 2
    explorer.padding = 2
    assert sliders["dilation"].max == 4
    explorer.dilation = 4
    assert sliders["padding"].min == 2
    with pytest.raises(ValueError, match=r"dilation must be from 1 to 3 .* got 4"):
        explorer.padding = 1
    assert (explorer.padding, explorer.dilation) == (2, 4)


def test_a_state_that_arrives_halfway_is_brought_to_the_nearest_legal_one():
    explorer = SlidingWindow(GRID, WEIGHT, padding=4, dilation=4)
    explorer.view.padding_mode = 1  # as the page would send it, before the padding that it implies
    assert explorer.state["padding"] == 3
    assert explorer.result.shape == (6, 6)


def test_every_legal_state_stays_as_it_is():
    explorer = SlidingWindow(GRID, WEIGHT, padding=2, stride=3, dilation=2, padding_mode="reflect")
    legal = explorer.legal(explorer.state)
    for name, value in explorer.state.items():
        np.testing.assert_array_equal(legal[name], value)


def test_two_explorers_do_not_share_their_state():
    first, second = SlidingWindow(GRID, WEIGHT), SlidingWindow(GRID, WEIGHT)
    first.update(input=GRID + 1, padding=1)
    np.testing.assert_array_equal(second.result, SlidingWindow(GRID, WEIGHT).result)
    assert first.result.shape != second.result.shape


def test_explorers_share_code_engine_and_picture():
    first, second = FilterBench(), FilterBench()
    assert first.view.shared == second.view.shared
    assert first.view.shared["engine"] == SlidingWindow().view.shared["engine"]


def test_a_closed_share_is_made_anew():
    before = FilterBench().view.shared["engine"]
    widgets.Widget.close_all()
    after = FilterBench().view.shared["engine"]
    assert before != after


def test_the_input_of_the_caller_stays_his():
    mine = GRID.copy()
    explorer = SlidingWindow(mine, WEIGHT)
    explorer.input = GRID * 2
    np.testing.assert_array_equal(mine, GRID)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((3, 3, 3))},
            ValueError,
            r"input must have shape \(rows, columns\), got shape \(3, 3, 3\)",
        ),
        (
            {"input": np.ones((13, 4))},
            ValueError,
            r"input of shape \(13, 4\) is too big to show; at most 12 × 12",
        ),
        ({"input": [[1, np.nan], [1, 1]]}, ValueError, "input must be finite, got nan"),
        ({"input": [[1, 2], [3]]}, ValueError, "input is not a rectangular array"),
        ({"input": [["a", "b"]]}, TypeError, "input must hold real numbers, got dtype <U1"),
        ({"input": GRID.astype(complex)}, TypeError, "input must hold real numbers, got dtype complex128"),
        (
            {"kernel": np.ones((5, 5))},
            ValueError,
            r"the kernel, shape \(5, 5\), is larger than the input, shape \(4, 4\)",
        ),
        ({"bias": "two"}, TypeError, "bias must hold real numbers"),
        ({"bias": np.inf}, ValueError, "bias must be finite, got inf"),
        ({"padding": 9}, ValueError, "padding must be from 0 to 4 .* got 9"),
        ({"padding": 4, "padding_mode": "reflect"}, ValueError, "padding must be from 0 to 3 .* got 4"),
        ({"dilation": 4}, ValueError, "dilation must be from 1 to 3 .* got 4"),
        ({"stride": 0}, ValueError, "stride must be from 1 to 4 .* got 0"),
        ({"stride": 1.5}, TypeError, "stride must be an integer, got 1.5"),
        ({"stride": True}, TypeError, "stride must be an integer, got True"),
        ({"padding_mode": "mirror"}, ValueError, "padding_mode must be one of zeros, .* got 'mirror'"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_sliding_window_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        SlidingWindow(**{"input": GRID, "kernel": WEIGHT} | arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"picture": np.zeros((3, 64, 64))}, ValueError, r"picture must have shape \(rows, columns\)"),
        ({"picture": np.zeros((1024, 64))}, ValueError, r"too big to show; at most 512 × 512"),
        ({"picture": np.zeros((4, 64))}, ValueError, "is too small; at least 8 × 8"),
        ({"picture": np.full((64, 64), -1)}, ValueError, "grey levels from 0 to 255, got -1 to -1"),
        ({"picture": np.full((64, 64), np.nan)}, ValueError, "picture must be finite"),
        ({"picture": np.full((64, 64), True)}, TypeError, "picture must hold real numbers, got dtype bool"),
        ({"kernel": "prewitt"}, ValueError, "preset must be one of identity, .* got 'prewitt'"),
        ({"kernel": np.ones((4, 4))}, ValueError, r"kernel must have shape \(3, 3\), \(5, 5\) or \(7, 7\)"),
        ({"kernel": np.ones((3, 5))}, ValueError, r"kernel must have shape"),
        ({"size": 4}, ValueError, "size must be"),
        ({"size": 9}, ValueError, "size must be from 3 to 7 .* got 9"),
        ({"probe": (0, 256)}, ValueError, r"probe \(0, 256\) lies outside"),
        ({"probe": (-1, 0)}, ValueError, r"probe\[0\] must be at least 0, got -1"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_filter_bench_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        FilterBench(**arguments)


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(TypeError, match="no setting speed; there are"):
        SlidingWindow().update(speed=2)


def test_a_kernel_of_ones_own_becomes_the_custom_one():
    bench = FilterBench(kernel=filters.gaussian(5, sigma=2.0))
    assert (bench.preset, bench.size) == ("custom", 5)
    np.testing.assert_array_equal(bench.kernel, filters.gaussian(5, sigma=2.0))
    bench.size = 3
    np.testing.assert_array_equal(bench.kernel, filters.gaussian(5, sigma=2.0)[1:4, 1:4])
    bench.size = 7
    np.testing.assert_array_equal(bench.kernel, np.pad(filters.gaussian(5, sigma=2.0), 1))
    bench.kernel = "box"
    np.testing.assert_array_equal(bench.kernel, filters.box(7))


def test_a_picture_of_ones_own_of_any_shape_takes_the_place_of_the_old_one():
    bench = FilterBench(kernel="identity")
    mine = np.arange(200.0).reshape(10, 20)
    bench.picture = mine
    np.testing.assert_array_equal(bench.picture, mine)
    np.testing.assert_array_equal(bench.result, mine)
    np.testing.assert_array_equal(FilterBench(mine, "identity").result, mine)


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


def test_a_module_that_is_not_built_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("convlib.explorers.explorer.HERE", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"sliding_window.js has not been built yet: run make"):
        SlidingWindow()


@pytest.mark.parametrize("explorer", [SlidingWindow, FilterBench])
def test_the_still_picture_has_the_numbers_and_no_image_data(explorer):
    still = explorer().still()
    assert "<caption>Kernel" in still
    assert "<img" not in still
    assert len(still) < 5000


def test_an_explorer_names_itself_the_same_way_every_time():
    assert repr(SlidingWindow(GRID, WEIGHT)) == "<SlidingWindow: a 2 × 2 kernel slides over 4 × 4 numbers>"
    assert repr(FilterBench()) == "<FilterBench: a 256 × 256 picture under the 3 × 3 kernel sobel column>"


def test_importing_convlib_does_not_import_widgets():
    code = (
        "import convlib, sys; print([m for m in ('ipywidgets', 'anywidget', 'IPython') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
