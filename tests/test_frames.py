"""Frames: a 3-D convolution over a stack of frames, in Python and in a page without it."""

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, press, program, run, settle, shown

from convlib import reference
from convlib.explorers import Frames

MINE = np.arange(48.0).reshape(4, 3, 4) % 7 - 3
KERNEL = np.array([[[1, -2], [0, 3]], [[2, 0], [-1, 1]], [[0, 1], [1, -3]]])


def conv3d(input, kernel, stride=1, padding=0):
    """What the explorer has to show, from the definition in plain loops."""
    output = reference.conv3d(
        input[np.newaxis], kernel[np.newaxis, np.newaxis], None, (stride, 1, 1), (padding, 0, 0)
    )
    return output[0]


# in Python


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_result_is_the_definition_of_conv3d(depth, stride, padding):
    frames = Frames(MINE, KERNEL[:depth], stride_depth=stride, padding_depth=padding)
    np.testing.assert_array_equal(frames.result, conv3d(MINE, KERNEL[:depth], stride, padding))


@pytest.mark.parametrize(("frames", "depth"), [(3, 2), (5, 4)])
def test_a_kernel_of_depth_two_gives_one_frame_less(frames, depth):
    assert Frames(np.ones((frames, 2, 2))).result.shape == (depth, 2, 2)


def test_the_default_shows_where_the_spot_was_and_is_and_not_what_stays():
    expected = np.zeros((4, 3, 5))
    for before in range(4):
        expected[before, 0, before] = -9
        expected[before, 0, before + 1] = 9
    frames = Frames()
    assert (frames.input[:, 2, 2] == 5).all()
    np.testing.assert_array_equal(frames.result, expected)


def test_the_slices_add_up_to_the_output():
    frames = Frames(MINE, KERNEL, stride_depth=2, padding_depth=2)
    partial = frames.compute(frames.state)["partial"]
    assert partial.shape == (3, 8, 2, 3)
    for depth, output in enumerate(frames.result):
        np.testing.assert_array_equal(sum(partial[i, 2 * depth + i] for i in range(3)), output)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_kernel_over_all_frames_does_what_conv2d_does_over_channels(stride):
    rng = np.random.default_rng(0)
    input, kernel = rng.standard_normal((6, 5, 4)), rng.standard_normal((6, 2, 3))
    frames = Frames(input, kernel, stride_depth=stride)
    windows = np.lib.stride_tricks.sliding_window_view(input, (2, 3), axis=(1, 2))
    expected = np.einsum("cyxij,cij->yx", windows, kernel)
    arrays = frames.compute(frames.state)
    assert arrays["as_channels"].shape == arrays["output"].shape == (1, 4, 2)
    for name in ("as_channels", "output"):
        np.testing.assert_allclose(arrays[name][0], expected, atol=1e-5)


def test_conv2d_is_compared_with_only_where_the_kernel_spans_all_frames():
    frames = Frames(MINE, KERNEL)
    assert "as_channels" not in frames.compute(frames.state)
    frames.kernel_depth = 4
    assert "as_channels" in frames.compute(frames.state)
    assert "largest difference is 0.</p>" in frames.still()
    frames.padding_depth = 1
    assert "as_channels" not in frames.compute(frames.state)
    assert "largest difference" not in frames.still()


def test_a_deeper_kernel_repeats_its_slices_and_a_shallower_one_keeps_them_for_later():
    frames = Frames(MINE, KERNEL)
    frames.kernel_depth = 4
    np.testing.assert_array_equal(frames.kernel, KERNEL[[0, 1, 2, 0]])
    frames.kernel_depth = 1
    np.testing.assert_array_equal(frames.kernel, KERNEL[:1])
    np.testing.assert_array_equal(frames.result, conv3d(MINE, KERNEL[:1]))
    frames.kernel_depth = 3
    np.testing.assert_array_equal(frames.kernel, KERNEL)


def test_a_new_kernel_brings_its_depth_and_its_slider_along():
    frames = Frames()
    slider = dict(frames.controls)["kernel_depth"]
    assert (slider.min, slider.max, slider.value) == (1, 5, 2)
    frames.kernel = KERNEL
    assert (frames.kernel_depth, slider.value) == (3, 3)
    np.testing.assert_array_equal(frames.kernel, KERNEL)
    frames.update(kernel=KERNEL[:2], kernel_depth=4)
    np.testing.assert_array_equal(frames.kernel, KERNEL[[0, 1, 0, 1]])


def test_other_frames_keep_the_kernel():
    frames = Frames()
    frames.input = MINE
    assert dict(frames.controls)["kernel_depth"].max == 4
    np.testing.assert_array_equal(frames.result, MINE[1:] - MINE[:-1])
    frames.input = np.ones((6, 6, 6))
    frames.kernel_depth = 6
    np.testing.assert_array_equal(frames.kernel.ravel(), [-1, 1, -1, 1, -1, 1])


def test_a_setting_that_arrives_out_of_range_is_brought_to_the_nearest_one():
    frames = Frames()
    frames.view.step = 59  # as the page would send it, before the depth that it implies
    frames.view.kernel_depth = 9
    assert (frames.state["kernel_depth"], frames.state["step"]) == (5, 14)
    frames.view.stride_depth = 0
    frames.view.padding_depth = 7
    assert (frames.state["stride_depth"], frames.state["padding_depth"]) == (1, 2)
    assert frames.bounds(frames.state)["step"] == (0, 5 * 15 - 1)


def test_the_still_picture_says_it_in_words():
    frames = Frames(padding_depth=1)
    assert repr(frames) == "<Frames: a 2 × 1 × 1 kernel moves through 5 frames of 3 × 5 and gives 6>"
    still = frames.still()
    assert "Along depth: stride 1, padding 1." in still
    for caption in ("Frame 4", "Kernel slice 1", "Output frame 5"):
        assert f"<caption>{caption}</caption>" in still
    assert len(Frames(np.ones((1, 2, 2)), [[[2]]]).describe().split("1 frame of")) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((2, 2))},
            ValueError,
            r"input must have shape \(depth, rows, columns\), got shape \(2, 2\)",
        ),
        (
            {"input": np.ones((7, 2, 2))},
            ValueError,
            "input of shape .* is too big to show; at most 6 × 6 × 6",
        ),
        ({"input": np.full((2, 2, 2), np.nan)}, ValueError, "input must be finite, got nan"),
        ({"input": [[["a"]]]}, TypeError, "input must hold real numbers"),
        (
            {"kernel": np.ones((2, 4, 1))},
            ValueError,
            "kernel of shape .* is too big to show; at most 6 × 3 × 3",
        ),
        ({"kernel": 1}, ValueError, r"kernel must have shape \(depth, rows, columns\), got shape \(\)"),
        ({"kernel": [[[1]], [[1, 2]]]}, ValueError, "kernel is not a rectangular array"),
        (
            {"kernel": np.ones((6, 1, 1))},
            ValueError,
            r"the kernel, shape \(6, 1, 1\), is larger than the input, shape \(5, 3, 5\)",
        ),
        ({"stride_depth": 4}, ValueError, "stride_depth must be from 1 to 3 .*, got 4"),
        ({"stride_depth": "2"}, TypeError, "stride_depth must be an integer, got '2'"),
        ({"padding_depth": -1}, ValueError, "padding_depth must be from 0 to 2 .*, got -1"),
        ({"controls": ["depth"]}, ValueError, "controls must be of kernel_depth, .*, got 'depth'"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        Frames(**arguments)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"kernel_depth": 6}, ValueError, "kernel_depth must be from 1 to 5 .*, got 6"),
        ({"kernel_depth": 1.5}, TypeError, "kernel_depth must be an integer, got 1.5"),
        ({"kernel": np.ones((2, 4, 1))}, ValueError, "kernel of shape"),
        ({"input": np.ones((1, 3, 5))}, ValueError, "the kernel, .* is larger than the input"),
        ({"step": 60}, ValueError, "step must be from 0 to 59 .*, got 60"),
    ],
)
def test_a_refused_change_changes_nothing(changes, error, words):
    frames = Frames()
    before = frames.view.settings()
    with pytest.raises(error, match=words):
        frames.update(**changes)
    assert frames.view.settings() == before


# in a page without Python


def told(page, name):
    settle(page)
    return page.locator(f".convlib-{name}").inner_text()


def captions(page, group):
    """The names of the tables in a row: of the input, the kernel or the output."""
    settle(page)
    return page.locator(".convlib-frames").nth(group).locator("caption").all_inner_texts()


def test_the_sum_is_written_frame_by_frame(show):
    page = show(Frames())
    assert told(page, "sum") == "output[0, 0, 0] = −9 (frame 0) + 0 (frame 1) = −9"
    cell(page, "Output 1", 0, 2).click()
    assert shown(page)[0]["step"] == 1 * 15 + 2
    assert told(page, "sum") == "output[1, 0, 2] = 0 (frame 1) + 9 (frame 2) = 9"
    press(page, "padding_depth", "ArrowRight")
    cell(page, "Output 0", 2, 2).click()
    assert told(page, "sum") == "output[0, 2, 2] = 0 (padding) + 5 (frame 0) = 5"
    spoken = page.locator(".convlib-spoken")
    spoken.filter(has_text="Window 13 of 90. output[0, 2, 2] = 0 (padding)").wait_for(state="attached")


def test_the_window_moves_through_columns_then_rows_then_depth_and_its_terms_add_up(show):
    page = show(Frames(MINE, KERNEL[:2], stride_depth=2, padding_depth=1))
    output = shown(page)[1]["output"]
    for place in np.ndindex(3, 2, 3):
        name, terms, value = told(page, "sum").replace("−", "-").split(" = ")
        assert name == f"output{list(place)}"
        numbers = [float(term.split(" (")[0]) for term in terms.split(" + ")]
        assert sum(numbers) == float(value) == output[place]
        page.get_by_role("button", name="Next").press("Enter")
    assert told(page, "sum").startswith("output[2, 1, 2]")
    assert page.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"


def test_the_frames_under_the_kernel_say_so_and_their_window_shows_the_weights(show):
    page = show(Frames(MINE, KERNEL, stride_depth=2, padding_depth=1))
    assert captions(page, 0) == [
        "Padding × slice 0",
        "Frame 0 × slice 1",
        "Frame 1 × slice 2",
        "Frame 2",
        "Frame 3",
        "Padding",
    ]
    cell(page, "Output 1", 1, 2).click()
    under = ["Frame 1 × slice 0", "Frame 2 × slice 1", "Frame 3 × slice 2"]
    assert captions(page, 0) == ["Padding", "Frame 0", *under, "Padding"]
    assert page.locator(".convlib-table.under caption").all_inner_texts() == under
    for caption, weights in zip(under, KERNEL):
        for i, j in np.ndindex(2, 2):
            inside = cell(page, caption, 1 + i, 2 + j)
            sign = "−" if weights[i, j] < 0 else ""
            assert inside.locator("small").inner_text() == f"×{sign}{abs(weights[i, j])}"
            assert "in the window" in inside.get_attribute("aria-label")
    assert page.locator("td.window").count() == KERNEL.size
    outside = cell(page, "Frame 2", 0, 0)
    assert outside.get_attribute("aria-label") == f"{MINE[2, 0, 0]:.0f}, row 0, column 0".replace("-", "−")


def test_depth_follows_its_formula(show):
    page = show(Frames())
    assert told(page, "depth").endswith("= ⌊(5 + 2·0 − 2) / 1⌋ + 1 = 4.")
    press(page, "padding_depth", "End")
    press(page, "stride_depth", "End")
    assert told(page, "depth").endswith("= ⌊(5 + 2·2 − 2) / 3⌋ + 1 = 3.")
    assert captions(page, 2) == ["Output 0", "Output 1", "Output 2"]
    assert len(captions(page, 0)) == 9


def test_a_kernel_over_all_frames_is_shown_to_equal_conv2d(show):
    rng = np.random.default_rng(0)
    page = show(Frames(rng.standard_normal((5, 4, 4)), rng.standard_normal((2, 3, 3)), padding_depth=1))
    same = page.locator(".convlib-outputs > .convlib-table")
    assert told(page, "channels").startswith("Set kernel_depth to 5 and padding_depth to 0: ")
    press(page, "kernel_depth", "End")
    assert told(page, "channels").startswith("Set padding_depth to 0: ")
    assert not same.is_visible()
    press(page, "padding_depth", "Home")
    _, arrays, _ = shown(page)
    assert same.is_visible()
    assert captions(page, 2) == ["Output 0"]
    np.testing.assert_allclose(arrays["output"], arrays["as_channels"], atol=1e-5)
    difference = np.abs(arrays["output"] - arrays["as_channels"]).max()
    assert told(page, "channels").endswith(f"the largest difference is {difference:.4g}.")
    press(page, "kernel_depth", "ArrowLeft")
    assert told(page, "channels").startswith("Set kernel_depth to 5: ")
    assert not same.is_visible()


def test_no_setting_is_recommended_that_has_no_control(show):
    page = show(Frames(controls=("step", "padding_depth"), padding_depth=1))
    assert told(page, "channels").startswith("A kernel that spans all 5 frames, without padding, ")
    assert "kernel_depth" not in page.locator(".convlib-figure").inner_text()


def test_frames_keep_their_cells_when_padding_is_added(show):
    page = show(Frames())
    cell(page, "Frame 0", 0, 1).evaluate("(td) => { td.id = 'kept' }")
    press(page, "padding_depth", "ArrowRight")
    assert captions(page, 0)[:2] == ["Padding × slice 0", "Frame 0 × slice 1"]
    assert cell(page, "Frame 0", 0, 1).get_attribute("id") == "kept"


def test_the_default_over_all_frames_differs_by_nothing(show):
    page = show(Frames())
    press(page, "kernel_depth", "End")
    assert told(page, "channels").endswith("the largest difference is 0.")
    np.testing.assert_array_equal(
        shown(page)[1]["output"][0], [[-9, 9, -9, 9, -9], [0] * 5, [0, 0, -5, 0, 0]]
    )


def test_the_difference_is_that_of_the_arrays_shown(show):
    page = show(Frames(np.ones((3, 2, 2)), np.ones((3, 1, 1))))
    page.evaluate(
        "document.querySelector('.convlib-explorer').explorer.result.as_channels.data.set([3.5, 1], 1)"
    )
    press(page, "step", "ArrowRight")  # which draws them again
    assert told(page, "channels").endswith("the largest difference is 2.")


def test_a_number_of_a_frame_is_changed_in_place(show):
    explorer = Frames(padding_depth=2)
    page = show(explorer)
    cell(page, "Frame 3", 1, 4).click()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expected = explorer.input
    expected[3, 1, 4] = 7
    state, arrays = assert_as_in_python(page, explorer)
    np.testing.assert_array_equal(state["input"], expected)
    np.testing.assert_array_equal(arrays["output"], conv3d(expected, explorer.kernel, padding=2))
    cell(page, "Padding", 0, 0).click()
    page.keyboard.type("8")
    assert shown(page)[0]["input"] == state["input"]


def test_a_slice_that_was_changed_and_cut_off_comes_back_changed(show):
    page = show(Frames())
    cell(page, "Slice 1", 0, 0).click()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    press(page, "kernel_depth", "Home")
    assert captions(page, 1) == ["Slice 0"]
    press(page, "kernel_depth", "ArrowRight", "ArrowRight")
    state, arrays = assert_as_in_python(page, Frames())
    assert captions(page, 1) == ["Slice 0", "Slice 1", "Slice 2"]
    np.testing.assert_array_equal(state["slices"][:3], [[[-1]], [[4]], [[-1]]])
    np.testing.assert_array_equal(arrays["output"][0, 0], [-9, 36, -9, 0, 0])


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_code_keeps_the_settings_of_depth_to_depth(show, library, capsys):
    page = show(Frames(MINE, KERNEL, stride_depth=2, padding_depth=2))
    output = run(program(page, library))
    assert output.shape == (1, 1, 3, 2, 3)
    np.testing.assert_array_equal(output[0, 0], conv3d(MINE, KERNEL, 2, 2))
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize(
    ("library", "lines"),
    [
        ("keras", ["[(0, 0), (0, 0), (2, 2), (0, 0), (0, 0)]", "strides=(2, 1, 1)"]),
        ("jax", ["lax.conv_general_dilated(input, weight, (2, 1, 1), [(2, 2), (0, 0), (0, 0)])"]),
    ],
)
def test_code_for_libraries_that_are_not_run_here_names_depth_first(show, library, lines):
    text = program(show(Frames(MINE, KERNEL, stride_depth=2, padding_depth=2)), library)
    for line in lines:
        assert line in text


UNFIT = {
    "input=[[[1,2]],[[1]],[[1]],[[1]],[[1]]]": "“input” is of the wrong kind",
    "input=[[[]]]": "input must have 3 axes, of at most 6 × 6 × 6 numbers",
    "slices=[[[1,1,1,1]]]": "slices must have 3 axes, of at most 6 × 3 × 3 numbers",
    "slices=[[[1]]]": "one slice of the kernel for each frame, so 5, not 1",
    "input=[[[1]],[[1]]]": "one slice of the kernel for each frame, so 2, not 5",
    "slices=[[[1],[1]],[[1],[1]]]&input=[[[1]],[[1]]]": "the kernel is larger than the input",
    "slices=[[[1e9]],[[1]],[[1]],[[1]],[[1]]]": "is not a number from",
}


def test_a_link_whose_frames_do_not_belong_together_is_ignored_with_a_note(show):
    page = show(Frames())
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for fields, words in UNFIT.items():
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert words in page.locator(".convlib-alert").inner_text(), fields
        assert shown(page)[0] == before


def test_a_link_may_bring_other_frames(show):
    page = show(Frames())
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    fields = "input=[[[1,2]],[[3,5]]]&slices=[[[1]],[[10]]]&step=99"
    page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
    state, arrays = assert_as_in_python(page, Frames())
    assert (state["kernel_depth"], state["step"]) == (2, 1)
    np.testing.assert_array_equal(arrays["output"], [[[31, 52]]])
    assert captions(page, 0) == ["Frame 0 × slice 0", "Frame 1 × slice 1"]
    assert "largest difference is 0" in told(page, "channels")
