"""Channels: its numbers, what it refuses, and what the page shows and says of them."""

import itertools
import re

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, press, put_in_theme, settle, shown

from convlib.explorers import Channels

MIXED = {
    "input": np.arange(48.0).reshape(2, 4, 6) % 7 - 2,
    "weight": np.arange(24.0).reshape(3, 2, 2, 2) / 4 - 3,
    "bias": [0.5, -2, 7],
}
LARGEST = {
    "input": np.arange(196.0).reshape(4, 7, 7) % 19 - 9,
    "weight": np.arange(144.0).reshape(4, 4, 3, 3) % 5 - 2,
    "bias": [1, 2, 3, 4],
}
LEAST = {"input": [[[3]]], "weight": [[[[2]]]], "bias": [-1]}
ALL = ("kernel", "step", "padding")


def by_definition(state):
    """Sums of each channel for each kernel, shape (C_out, C_in, OH, OW), in NumPy."""
    p = state["padding"]
    input, weight = (np.asarray(state[name], float) for name in ("input", "weight"))
    padded = np.pad(input, [(0, 0), (p, p), (p, p)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(1, 2))
    return np.einsum("cyxij,ocij->ocyx", windows, weight)


def test_the_first_output_worked_by_hand():
    # the three windows at the upper left, times the three slices of kernel 0
    first = (1 * 1 + 2 * -1) + (0 * 1 + 3 * -1) + (2 * 1 + 0 * -1)
    second = 2 * 1 + 0 * 1 + 1 * 1
    third = 2 * 1 + 0 * 1 + 0 * -1 + 0 * 1 + 1 * 1
    assert (first, second, third) == (-2, 3, 3)
    channels = Channels()
    partial = channels.compute(channels.state)["partial"]
    np.testing.assert_array_equal(partial[:, 0, 0], [first, second, third])
    assert channels.result[0, 0, 0] == first + second + third + 1
    assert channels.result.shape == (2, 3, 2)


def test_no_two_channels_and_no_two_slices_of_the_default_are_the_same():
    channels = Channels()
    slices = channels.weight.reshape(-1, 3, 3)
    for planes in (channels.input, slices):
        assert all((one != other).any() for one, other in itertools.combinations(planes, 2))
    assert slices.shape[0] == 6


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("arrays", [{}, MIXED, LARGEST, LEAST], ids=["default", "mixed", "largest", "least"])
def test_channels_shows_what_the_definition_gives(arrays, padding):
    channels = Channels(**arrays, padding=padding)
    expected = by_definition(channels.state)
    bias = channels.bias[:, np.newaxis, np.newaxis]
    np.testing.assert_array_equal(channels.result, expected.sum(axis=1) + bias)
    for kernel in range(len(expected)):
        channels.kernel = kernel
        np.testing.assert_array_equal(channels.compute(channels.state)["partial"], expected[kernel])


def test_every_map_changes_with_every_channel():
    channels = Channels()
    before = channels.result
    for c in range(3):
        input = Channels().input
        input[c] += 1
        channels.input = input
        changed = channels.result - before
        for o in range(2):
            np.testing.assert_array_equal(changed[o], np.full((3, 2), channels.weight[o, c].sum()))


def test_a_weight_without_a_bias_has_none_added():
    np.testing.assert_array_equal(Channels().bias, [1, 0])
    own = Channels(MIXED["input"], MIXED["weight"])
    np.testing.assert_array_equal(own.bias, [0, 0, 0])
    np.testing.assert_array_equal(own.result, by_definition(own.state).sum(axis=1))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"weight": np.ones((2, 1, 3, 3))}, ValueError, r"a kernel is as deep as its input: .* 3 channels"),
        ({"input": np.ones((4, 5, 5))}, ValueError, r"weight.shape\[1\] must be 4, got .*\(2, 3, 3, 3\)"),
        ({"input": np.ones((5, 4))}, ValueError, r"input must have shape \(channels, rows, columns\)"),
        ({"weight": np.ones((3, 3, 3))}, ValueError, r"weight must have shape \(kernels, channels, rows"),
        ({"input": np.ones((5, 7, 7))}, ValueError, "too big to show; at most 4 × 7 × 7"),
        ({"input": np.ones((3, 7, 8))}, ValueError, "too big to show; at most 4 × 7 × 7"),
        ({"weight": np.ones((5, 3, 3, 3))}, ValueError, "too big to show; at most 4 × 4 × 3 × 3"),
        ({"input": np.ones((3, 2, 7))}, ValueError, r"the kernels, \(3, 3\), are larger than a channel"),
        ({"bias": [1, 2, 3]}, ValueError, "one bias per kernel: weight has 2 .* length 2, got 3"),
        ({"bias": 1}, ValueError, r"bias must have shape \(kernels\), got shape \(\)"),
        ({"bias": [1, np.inf]}, ValueError, "bias must be finite, got inf"),
        ({"weight": [[[["a"]]]]}, TypeError, "weight must hold real numbers"),
        ({"kernel": 2}, ValueError, "kernel must be from 0 to 1 .* got 2"),
        ({"kernel": 0.5}, TypeError, "kernel must be an integer, got 0.5"),
        ({"padding": 3}, ValueError, "padding must be from 0 to 2 .* got 3"),
        ({"controls": ("stride",)}, ValueError, "controls must be of .* got 'stride'"),
    ],
)
def test_channels_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        Channels(**arguments)


def test_the_first_window_can_be_chosen():
    assert "output[1, 1, 0] = " in Channels(kernel=1, step=2).still()
    with pytest.raises(ValueError, match=r"step must be from 0 to 5 .* got 6"):
        Channels(step=6)


def test_more_kernels_need_as_many_biases_and_make_the_slider_longer():
    channels = Channels()
    sliders = dict(channels.controls)
    weight = np.ones((4, 3, 2, 2))
    with pytest.raises(ValueError, match="there is one bias per kernel"):
        channels.weight = weight
    assert sliders["kernel"].max == 1
    channels.update(weight=weight, bias=None, kernel=3)
    assert (sliders["kernel"].max, sliders["step"].max, len(channels.bias)) == (3, 11, 4)
    channels.view.padding, channels.view.kernel, channels.view.step = 9, -1, 99  # as a page would send them
    assert [channels.state[name] for name in ("padding", "kernel", "step")] == [2, 0, 55]


def test_words_and_still_picture_say_the_shapes_and_one_sum():
    channels = Channels()
    assert repr(channels) == (
        "<Channels: 2 kernels × 3 channels × 3 × 3 = 54 weights, input (3, 5, 4), output (2, 3, 2)>"
    )
    still = channels.still()
    assert "output[0, 0, 0] = -2 (channel 0) + 3 (channel 1) + 3 (channel 2) + 1 (bias) = 5." in still
    for caption in ("input[2]", "weight[0, 2]", "Sums of channel 2", "output[1]"):
        assert f"<caption>{caption}</caption>" in still
    assert Channels(**LEAST).describe().startswith("1 kernel × 1 channel × 1 × 1 = 1 weight,")


def text_of(page, selector):
    return page.locator(selector).all_inner_texts()


def evaluated(text):
    """What a written sum of products is."""
    return eval(text.replace("×", "*").replace("−", "-"))


def assert_told(page, state, arrays):
    """The marked cells and the written sums are those of the state."""
    output, partial = arrays["output"], arrays["partial"]
    o, row, column = state["kernel"], *divmod(state["step"], output.shape[2])
    rows, columns = np.shape(state["weight"])[2:]
    window = {(row + i, column + j) for i in range(rows) for j in range(columns)}
    for c in range(len(partial)):
        assert marked(page, rf"input\[{c}\]", "window") == window
        assert marked(page, f"sums of channel.{c}", "current") == {(row, column)}
        slice = np.ravel(state["weight"][o][c]).tolist()
        notes = tables(page, rf"input\[{c}\]").locator(".window small")
        assert [evaluated(note.removeprefix("×")) for note in notes.all_inner_texts()] == slice
        weights = tables(page, rf"weight\[{o}, {c}\]").locator("td")
        assert [evaluated(weight) for weight in weights.all_inner_texts()] == slice
    for index in range(len(output)):
        mark = "current" if index == o else "window"
        assert marked(page, rf"output\[{index}\]", mark) == {(row, column)}

    *products, total = text_of(page, ".convlib-sum")
    for c, line in enumerate(products):
        name, terms, sum = re.fullmatch(r"(channel \d): (.*) = (\S+)", line).groups()
        assert name == f"channel {c}"
        assert evaluated(sum) == partial[c, row, column]
        assert evaluated(terms) == partial[c, row, column]
    assert len(products) == len(partial)
    name, terms, sum = total.split(" = ")
    assert name == f"output[{o}, {row}, {column}]"
    written = [evaluated(term) for term in re.findall(r"(\S+) \(", terms)]
    assert written == [*partial[:, row, column], state["bias"][o]]
    assert evaluated(sum) == output[o, row, column]


def tables(page, table):
    """Every table whose caption is the text."""
    return page.locator(".convlib-numbers", has=page.locator("caption", has_text=re.compile(f"^{table}$")))


def marked(page, table, mark):
    """Row and column of the cells with a mark."""
    cells = tables(page, table).locator(f"td.{mark}")
    places = cells.evaluate_all("(all) => all.map((e) => [e.parentElement.rowIndex, e.cellIndex])")
    return {tuple(place) for place in places}


def test_the_default_writes_its_first_sum_its_shapes_and_its_counts(show):
    page = show(Channels())
    state, arrays = assert_as_in_python(page, Channels())
    assert_told(page, state, arrays)
    assert text_of(page, ".convlib-sum") == [
        "channel 0: 1×1 + 0×0 + 2×(−1) + 0×1 + 1×0 + 3×(−1) + 2×1 + 1×0 + 0×(−1) = −2",
        "channel 1: 0×0 + 1×0 + 1×0 + 2×1 + 0×1 + 1×1 + 1×0 + 3×0 + 0×0 = 3",
        "channel 2: 2×1 + 1×0 + 0×1 + 1×0 + 0×(−1) + 2×0 + 0×1 + 1×0 + 1×1 = 3",
        "output[0, 0, 0] = −2 (channel 0) + 3 (channel 1) + 3 (channel 2) + 1 (bias) = 5",
    ]
    assert text_of(page, ".convlib-shapes") == [
        "weight (2, 3, 3, 3): 2 kernels × 3 channels × 3 × 3 = 54 weights, and 2 biases. "
        "input (3, 5, 4) → output (2, 3, 2)."
    ]
    cells = page.locator(".convlib-numbers td").count()
    assert cells < 200


def test_the_sums_are_written_right_for_every_kernel_and_window(show):
    page = show(Channels())
    visited = set()
    for _ in range(2):
        press(page, "step", "Home")
        for _ in range(6):
            state, arrays = assert_as_in_python(page, Channels())
            assert_told(page, state, arrays)
            visited.add((state["kernel"], state["step"]))
            page.get_by_role("button", name="Next").press("Enter")
            settle(page)
        press(page, "kernel", "ArrowRight")
    assert len(visited) == 12


@pytest.mark.parametrize("arrays", [MIXED, LEAST, LARGEST], ids=["mixed", "least", "largest"])
def test_other_shapes_are_shown_and_told_as_well(show, arrays):
    explorer = Channels(**arrays, padding=1, controls=ALL)
    page = show(explorer)
    for keys in (("Home",), ("End",)):
        press(page, "padding", *keys)
        press(page, "step", *keys)
        press(page, "kernel", *keys)
        state, result = assert_as_in_python(page, explorer)
        assert_told(page, state, result)
    kernels, depth, rows, columns = np.shape(arrays["weight"])
    (told,) = text_of(page, ".convlib-shapes")
    assert f"{kernels * depth * rows * columns} weight" in told
    assert f"input {np.shape(arrays['input'])}, padding 2 → output {result['output'].shape}." in told


def test_a_number_of_any_map_leads_to_its_window_and_its_kernel(show):
    page = show(Channels())
    chosen = cell(page, r"output\[1\]", 2, 1)
    chosen.click()
    state, arrays = assert_as_in_python(page, Channels())
    assert (state["kernel"], state["step"]) == (1, 5)
    assert_told(page, state, arrays)
    assert page.evaluate("document.activeElement.matches('td.current')")
    cell(page, "sums of channel.2", 1, 0).click()
    assert shown(page)[0]["step"] == 2
    label = cell(page, r"output\[0\]", 1, 0).get_attribute("aria-label")
    assert label == "8, of the marked window, row 1, column 0"


def test_the_number_that_is_changed_is_the_one_of_this_channel_and_kernel(show):
    page = show(Channels(controls=ALL))
    press(page, "padding", "ArrowRight")
    press(page, "kernel", "ArrowRight")
    before = Channels()

    def type_into(table, row, column, text):
        cell(page, table, row, column).click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        return assert_as_in_python(page, Channels())

    state, arrays = type_into(r"input\[1\]", 5, 4, "-7")  # the last row and column, seen with one of padding
    assert state["input"] == [
        *before.input[:1].tolist(),
        [*before.input[1, :4].tolist(), [1, 0, 0, -7]],
        *before.input[2:].tolist(),
    ]
    state, changed = type_into(r"weight\[1, 2\]", 0, 1, "4")
    weight = before.weight
    weight[1, 2, 0, 1] = 4
    assert state["weight"] == weight.tolist()
    np.testing.assert_array_equal(changed["output"][0], arrays["output"][0])
    assert (changed["output"][1] != arrays["output"][1]).any()
    state, moved = type_into(r"bias\[1\]", 0, 0, "2.5")
    assert state["bias"] == [1, 2.5]
    np.testing.assert_array_equal(moved["output"], changed["output"] + np.reshape([0, 2.5], (2, 1, 1)))
    assert_told(page, state, moved)
    cell(page, r"input\[0\]", 0, 0).click()  # an added zero
    assert page.locator("td input").count() == 0
    cell(page, r"weight\[1, 0\]", 0, 0).click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    assert "“one” is not a number" in page.get_by_role("alert").inner_text()


def test_play_goes_through_all_windows(show):
    page = show(Channels())
    press(page, "step", "End", "ArrowLeft")
    page.locator(".widget-play button").first.click()
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.step === 5")


CONTRADICTORY = {
    "weight=[[[[1]]]]": "a kernel is as deep as its input, which has 3 channels, not 1",
    "input=[[[1,2,3],[4,5,6],[7,8,9]]]": "which has 1 channel, not 3",
    "bias=[1]": "there is one bias per kernel, so 2, not 1",
    "bias=[]": "there is one bias per kernel, so 2, not 0",
    "input=[]": "input must have 3 axes, of at most 4 × 7 × 7 numbers",
    "input=[[[]]]": "input must have 3 axes",
    "input=[[[1,2]],[[1]],[[1,2,3]]]": "is of the wrong kind",
    "weight=[[[[1]],[[1,2]],[[1]]],[[[1]],[[1]],[[1]]]]": "is of the wrong kind",
    "input=[[[1,2]],[[1,2]],[[1,2]]]": "the kernel is larger than the input",
    "bias=[1e30,0]": "is not a number from",
}


def test_arrays_in_a_link_must_belong_together(show):
    page = show(Channels())
    before = shown(page)[0]
    label = page.locator(".convlib-explorer").get_attribute("data-label")

    def follow(fields):
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)

    for fields, words in CONTRADICTORY.items():
        follow(fields)
        assert words in page.get_by_role("alert").inner_text(), fields
        assert shown(page)[0] == before
    follow("input=[[[1,2,3]]]&weight=[[[[1,2]]],[[[1,0]]],[[[-1,1]]]]&bias=[0,1,2]&kernel=2")
    state, arrays = assert_as_in_python(page, Channels())
    assert_told(page, state, arrays)
    np.testing.assert_array_equal(arrays["output"], [[[5, 8]], [[2, 3]], [[3, 3]]])
    page.get_by_role("button", name="Reset").press("Enter")
    state, arrays = assert_as_in_python(page, Channels())
    assert state == before
    assert_told(page, state, arrays)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_each_channel_is_one_line_and_the_largest_state_does_not_scroll(show, theme):
    page = show(
        Channels(), Channels(**LARGEST, padding=2), width=344, height=740
    )  # the book has wider margins
    put_in_theme(page, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 344
    tables = page.locator(".convlib-line").first.locator("table")
    boxes = [tables.nth(i).bounding_box() for i in range(3)]
    assert all(one["x"] + one["width"] <= other["x"] for one, other in itertools.pairwise(boxes))
    small = page.locator("td[role=gridcell]").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect()).filter((r) => Math.min(r.width, r.height) < 24)"
    )
    assert not small
