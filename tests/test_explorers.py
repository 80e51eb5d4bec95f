"""The explorers in Python alone: states, results and errors. Pages and JupyterLab have files of their own."""

import subprocess
import sys

import ipywidgets as widgets
import numpy as np
import pytest

import convlib
from convlib import filters, pictures
from convlib.explorers import Dilation, DilationStack, FilterBench, PaddingLab, SizeLedger, SlidingWindow

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


@pytest.mark.parametrize("padding", range(6))
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_lab_shows_what_pad_returns_in_every_mode_that_allows_it(mode, padding):
    limit = convlib.shapes.largest_padding(4, mode)
    if limit is not None and padding > limit:
        assert mode not in PaddingLab(padding=padding).compute(PaddingLab(padding=padding).state)
        with pytest.raises(ValueError, match=f"padding must be from 0 to {limit} .* got {padding}"):
            PaddingLab(padding=padding, mode=mode)
        return
    explorer = PaddingLab(padding=padding, mode=mode)
    names = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
    np.testing.assert_array_equal(explorer.result, np.pad(GRID, padding, mode=names.get(mode, mode)))
    np.testing.assert_array_equal(explorer.compute(explorer.state)[mode], explorer.result)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_padding_lab_counts_the_windows_that_read_each_element(size, padding):
    explorer = PaddingLab(np.zeros((5, 4)), padding=padding, kernel_size=size)
    counts = np.zeros((5 + 2 * padding, 4 + 2 * padding))
    for row in range(counts.shape[0] - size + 1):
        for column in range(counts.shape[1] - size + 1):
            counts[row : row + size, column : column + size] += 1
    np.testing.assert_array_equal(explorer.reads, counts[padding : padding + 5, padding : padding + 4])


def test_padding_two_lets_a_kernel_of_three_read_every_element_nine_times():
    reads = lambda padding: PaddingLab(np.zeros((5, 5)), padding=padding).reads  # noqa: E731
    assert (reads(0)[0, 0], reads(0)[2, 2]) == (1, 9)
    assert (reads(1)[0, 0], reads(1)[0, 2], reads(1)[2, 2]) == (4, 6, 9)
    assert (reads(2) == 9).all()


def test_the_chosen_mode_and_the_kernel_bound_the_padding():
    explorer = PaddingLab()
    sliders = dict(explorer.controls)
    assert (sliders["padding"].min, sliders["padding"].max) == (0, 5)
    explorer.update(mode="reflect", kernel_size=7)
    assert (sliders["padding"].min, sliders["padding"].max) == (2, 3)
    explorer.update(mode="circular", padding=4)
    assert sliders["padding"].max == 4
    explorer.view.mode = 1  # as the page would send it, before the padding that it implies
    assert explorer.state["padding"] == 3
    line = PaddingLab([[1, 2]], padding=0, kernel_size=1)
    assert line.bounds(line.state)["padding"] == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((9, 4))},
            ValueError,
            r"input of shape \(9, 4\) is too big to show; at most 8 × 8",
        ),
        ({"input": np.ones(4)}, ValueError, r"input must have shape \(rows, columns\)"),
        ({"input": [[1, np.inf]]}, ValueError, "input must be finite, got inf"),
        ({"input": [["a"]]}, TypeError, "input must hold real numbers"),
        ({"padding": 6}, ValueError, "padding must be from 0 to 5 .* got 6"),
        ({"padding": -1}, ValueError, "padding must be from 0 to 5 .* got -1"),
        ({"padding": 4, "mode": "reflect"}, ValueError, "padding must be from 0 to 3 .* got 4"),
        ({"padding": 1.0}, TypeError, "padding must be an integer, got 1.0"),
        ({"padding": (1, 1)}, TypeError, r"padding must be an integer, got \(1, 1\)"),
        ({"padding": 0, "kernel_size": 5}, ValueError, "kernel_size must be from 1 to 4 .* got 5"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be from 1 to 7 .* got 0"),
        ({"mode": "mirror"}, ValueError, "mode must be one of zeros, .* got 'mirror'"),
        ({"selected": (1,)}, TypeError, r"selected must be \(row, column\) or \(\), got \(1,\)"),
        ({"selected": 3}, TypeError, r"selected must be \(row, column\) or \(\), got 3"),
        ({"selected": (9, 0)}, ValueError, "selected row must be smaller than 9"),
        ({"selected": (0, -6)}, ValueError, "selected column must be at least -5, got -6"),
        ({"selected": (0.5, 0)}, TypeError, "selected row must be an integer"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_padding_lab_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        PaddingLab(**arguments)


def test_the_still_picture_of_padding_lab_has_every_table():
    still = PaddingLab(padding=4).still()
    for caption in ("zeros", "replicate", "circular", "Reads of each input element"):
        assert f"<caption>{caption}" in still
    assert "p = 4 is beyond the limit of reflect." in still
    assert repr(PaddingLab()) == "<PaddingLab: 4 × 4 numbers, padded by 2 in four modes>"


def test_the_default_ledger_leaves_one_column_unread():
    ledger = SizeLedger()
    assert (ledger.size, ledger.unread) == (2, 1)
    np.testing.assert_array_equal(ledger.result, [3, 3])
    np.testing.assert_array_equal(ledger.compute(ledger.state)["reads"], [1, 1, 2, 1, 1, 0])


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "d"),
    [(6, 3, 2, 0, 1), (5, 3, 1, 1, 1), (8, 3, 2, 1, 2), (224, 7, 2, 3, 1), (4, 2, 3, 0, 1), (1, 1, 4, 2, 1)],
)
def test_size_ledger_counts_what_every_window_reads(n, k, s, p, d):
    ledger = SizeLedger(n, k, stride=s, padding=p, dilation=d)
    size = convlib.shapes.output_size(n, k, s, p, d)
    windows = [np.arange(k) * d + i * s for i in range(size)]  # in the padded input
    expected = [np.count_nonzero((at >= p) & (at < p + n)) for at in windows]
    np.testing.assert_array_equal(ledger.result, expected)
    reads = np.bincount(np.concatenate(windows), minlength=n + 2 * p)
    np.testing.assert_array_equal(ledger.compute(ledger.state)["reads"], reads)
    assert ledger.size == size
    assert ledger.unread == n + 2 * p - 1 - max(at[-1] for at in windows)


def test_every_setting_of_the_ledger_is_bounded_so_that_the_window_fits():
    ledger = SizeLedger()
    sliders = dict(ledger.controls)
    limits = lambda name: (sliders[name].min, sliders[name].max)  # noqa: E731
    assert limits("input_size") == (3, 32)
    assert limits("kernel_size") == (1, 6)
    assert limits("dilation") == (1, 2)
    ledger.update(padding=1, dilation=3)
    assert limits("input_size") == (5, 32)
    assert limits("padding") == (1, 8)
    assert limits("kernel_size") == (1, 3)
    large = SizeLedger(224, 7, padding=3)
    assert dict(large.controls)["input_size"].max == 224
    ledger.input_size = 100
    assert limits("input_size") == (5, 100)


def test_a_halfway_state_of_the_ledger_shrinks_the_dilation_and_then_the_kernel():
    ledger = SizeLedger(9, 5, dilation=2)
    ledger.view.input_size = 5
    assert (ledger.state["kernel_size"], ledger.state["dilation"]) == (5, 1)
    ledger.view.input_size = 2
    assert (ledger.state["kernel_size"], ledger.state["dilation"]) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"input_size": 0}, ValueError, "input_size must be from 1 to 32 .* got 0"),
        ({"input_size": 257}, ValueError, "input_size must be .* got 257"),
        ({"input_size": 6.0}, TypeError, "input_size must be an integer, got 6.0"),
        ({"input_size": True}, TypeError, "input_size must be an integer, got True"),
        ({"input_size": 2}, ValueError, "kernel_size must be from 1 to 2 .* got 3"),
        ({"kernel_size": 7}, ValueError, "kernel_size must be from 1 to 6 .* got 7"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be from 1 to 6 .* got 0"),
        ({"dilation": 3}, ValueError, "dilation must be from 1 to 2 .* got 3"),
        ({"stride": 17}, ValueError, "stride must be from 1 to 16 .* got 17"),
        ({"padding": 9}, ValueError, "padding must be from 0 to 8 .* got 9"),
        ({"padding": "same"}, TypeError, "padding must be an integer, got 'same'"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_size_ledger_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        SizeLedger(**arguments)


def test_the_still_picture_of_the_ledger_has_the_formula_and_the_reads():
    still = SizeLedger().still()
    assert "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 2" in still
    assert "TensorFlow's same adds 0 before and 1 after." in still
    assert "PyTorch's adds 1 before and 1 after." in SizeLedger(stride=1).still()
    assert "<caption>Windows that read each element" in still
    assert repr(SizeLedger()) == "<SizeLedger: input 6, kernel 3, stride 2, padding 0, dilation 1: output 2>"


@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_dilation_shows_what_conv2d_returns(dilation, padding):
    explorer = Dilation(dilation=dilation, padding=padding)
    input = np.arange(49.0).reshape(1, 7, 7)
    expected = convlib.conv2d(input, np.ones((1, 1, 3, 3)), padding=padding, dilation=dilation)
    np.testing.assert_array_equal(explorer.result, expected[0])


def test_the_default_dilation_leaves_an_output_of_three_by_three():
    explorer = Dilation()
    assert explorer.result.shape == (3, 3)
    assert repr(explorer) == "<Dilation: a 3 × 3 kernel with dilation 2 spans 5 × 5 of 7 × 7 numbers>"
    assert "<caption>Kernel; dilation 2</caption>" in explorer.still()
    mine = Dilation(GRID, WEIGHT, dilation=3)
    np.testing.assert_array_equal(mine.result, [[0 * 0 + 1 * 3 + 2 * 12 + 3 * 15]])


def test_padding_makes_room_for_dilation():
    explorer = Dilation()
    sliders = dict(explorer.controls)
    assert (sliders["dilation"].min, sliders["dilation"].max, sliders["step"].max) == (1, 3, 8)
    explorer.update(padding=4, dilation=6)
    assert (sliders["padding"].min, sliders["padding"].max, sliders["step"].max) == (3, 4, 8)
    explorer.view.padding = 1  # as the page would send it, before the dilation that it implies
    assert explorer.state["dilation"] == 4
    assert explorer.result.shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"input": np.ones((13, 7))}, ValueError, "too big to show; at most 12 × 12"),
        ({"input": np.ones(7)}, ValueError, r"input must have shape \(rows, columns\)"),
        ({"input": np.full((7, 7), np.nan)}, ValueError, "input must be finite, got nan"),
        ({"kernel": [["a"]]}, TypeError, "kernel must hold real numbers"),
        ({"kernel": np.ones((2, 8))}, ValueError, "kernel of shape .* is too big to show"),
        ({"input": GRID, "kernel": np.ones((5, 1))}, ValueError, "the kernel, .* is larger than the input"),
        ({"dilation": 4}, ValueError, "dilation must be from 1 to 3 .* got 4"),
        ({"dilation": 0}, ValueError, "dilation must be from 1 to 3 .* got 0"),
        ({"dilation": 1.5}, TypeError, "dilation must be an integer, got 1.5"),
        ({"padding": 5}, ValueError, "padding must be from 0 to 4 .* got 5"),
        ({"controls": ("stride",)}, ValueError, "controls must be of .* got 'stride'"),
    ],
)
def test_dilation_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        Dilation(**arguments)


@pytest.mark.parametrize("kernel_size", [2, 3, 5])
@pytest.mark.parametrize("dilations", [[1], [2, 2, 2], [1, 2, 5], [9, 3, 1], [9, 9, 9, 9]])
def test_dilation_stack_shows_what_coverage_counts(dilations, kernel_size):
    stack = DilationStack(dilations, kernel_size=kernel_size)
    counts = convlib.shapes.coverage(dilations, kernel_size, axes=2)
    np.testing.assert_array_equal(stack.result, counts)
    assert stack.result.dtype == np.float32
    assert counts.max() < 2**24  # float32 holds them exactly
    row = stack.compute(stack.state)["row"]
    np.testing.assert_array_equal(row, convlib.shapes.coverage(dilations, kernel_size))


def test_a_stack_says_what_it_covers_and_what_the_rule_says():
    stack = DilationStack()
    assert repr(stack) == "<DilationStack: dilations [2, 2, 2] with k = 3 cover 49 of 169 positions (29 %)>"
    assert "size 13 × 13, 120 holes. The usual rule (HDC) accepts them." in stack.still()
    stack.dilations = [1, 2, 5]
    assert stack.describe().endswith("289 of 289 positions (100 %)")
    stack.preset = "[9, 3, 1]"
    assert "no holes. The usual rule (HDC) refuses them." in stack.still()
    assert "usual rule" not in DilationStack([3]).still()


def test_preset_sliders_and_dilations_follow_each_other():
    stack = DilationStack()
    controls = dict(stack.controls)
    assert (stack.preset, stack.layers, controls["r4"].layout.display) == ("[2, 2, 2]", 3, "none")
    stack.preset = "[1, 2, 9]"
    assert (stack.dilations, controls["r3"].value) == ([1, 2, 9], 9)
    stack.layers = 4
    assert (stack.preset, stack.dilations) == ("custom", [1, 2, 9, 2])
    assert (controls["preset"].value, controls["r4"].layout.display) == ("custom", None)
    stack.update(r1=5, layers=2)
    assert stack.dilations == [5, 2]
    stack.dilations = (1, 3, 9)
    assert (stack.preset, controls["preset"].value, controls["layers"].value) == ("[1, 3, 9]", "[1, 3, 9]", 3)
    stack.view.preset = 0  # as the page would send it, before the rates that it implies
    assert stack.dilations == [1, 1, 1]
    stack.view.preset = 5
    stack.view.r2 = 4
    assert (stack.preset, stack.dilations) == ("custom", [1, 4, 9])


@pytest.mark.parametrize("preset", DilationStack.choices["preset"])
def test_every_legal_stack_stays_as_it_is(preset):
    stack = DilationStack()
    stack.preset = preset
    assert stack.legal(stack.state) == stack.state


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"dilations": 3}, TypeError, r"dilations must be a sequence such as \[1, 2, 5\], got 3"),
        ({"dilations": []}, ValueError, "dilations must hold 1 to 4 layers, got 0"),
        ({"dilations": [1] * 5}, ValueError, "dilations must hold 1 to 4 layers, got 5"),
        ({"dilations": [1, 10]}, ValueError, "dilations must be from 1 to 9, got 10"),
        ({"dilations": [0]}, ValueError, r"dilations\[0\] must be at least 1, got 0"),
        ({"dilations": [1.5]}, TypeError, r"dilations\[0\] must be an integer"),
        ({"kernel_size": 4}, ValueError, "kernel_size must be 2, 3 or 5, got 4"),
        ({"kernel_size": "3"}, ValueError, "kernel_size must be 2, 3 or 5, got '3'"),
        ({"controls": ("r5",)}, ValueError, "controls must be of .* got 'r5'"),
    ],
)
def test_dilation_stack_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        DilationStack(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"r1": 10}, ValueError, "r1 must be from 1 to 9 .* got 10"),
        ({"layers": 5}, ValueError, "layers must be from 1 to 4 .* got 5"),
        ({"r2": 1.5}, TypeError, "r2 must be an integer, got 1.5"),
        ({"preset": "[7]"}, ValueError, r"preset must be one of \[1, 1, 1\], .* got '\[7\]'"),
    ],
)
def test_dilation_stack_refuses_a_change_and_stays(change, error, words):
    stack = DilationStack()
    with pytest.raises(error, match=words):
        stack.update(**change)
    assert stack.dilations == [2, 2, 2]


@pytest.mark.parametrize("make", [Dilation, DilationStack])
def test_python_answers_a_view_of_dilations(make, monkeypatch):
    explorer = make()
    ((content, buffers),) = ask(explorer, explorer.view.settings(), monkeypatch)
    output = np.frombuffer(buffers[1], np.float32).reshape(content["shapes"]["output"])
    np.testing.assert_array_equal(output, explorer.result)
