"""Pooling: its numbers against NumPy and by hand, its refusals, and what its page says of a shift."""

import re

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, choose, press, program, run, shown

from convlib.explorers import Pooling

ALL = ("pool", "kernel_size", "stride", "padding", "shift", "step")
W10 = [[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]
MINE = np.round(np.random.default_rng(0).normal(size=(5, 7)) * 40) / 4


def pooled(input, pool, k, s, p):
    """Each window by itself, in NumPy."""
    padded = np.pad(np.asarray(input, float), p, constant_values=-np.inf if pool == "max" else 0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k))[::s, ::s]
    return (np.max if pool == "max" else np.mean)(windows, axis=(2, 3))


def every_setting():
    """All of kernel size, stride and padding that the sliders reach for an input of at least 4 × 4."""
    return [(k, s, p) for k in range(1, 5) for s in range(1, 5) for p in range(k // 2 + 1)]


# In Python


def test_two_by_two_pooling_keeps_the_largest_value_or_the_mean():
    np.testing.assert_array_equal(Pooling().unshifted, [[8, 6], [9, 9]])
    np.testing.assert_array_equal(Pooling(pool="average").unshifted, [[6.25, 3.5], [5.25, 5.25]])
    np.testing.assert_array_equal(Pooling(stride=1).unshifted, [[8, 7, 6], [9, 9, 9], [9, 9, 9]])


def test_a_shift_by_one_changes_one_maximum_and_every_mean():
    np.testing.assert_array_equal(Pooling(shift=1).result, [[8, 7], [9, 9]])
    np.testing.assert_array_equal(Pooling(pool="average", shift=1).result, [[5.75, 4], [4.5, 6]])
    assert Pooling(shift=1).describe().endswith("a shift of the input by 1 changes 1 of 4 outputs")
    assert Pooling(pool="average").describe().endswith("changes 4 of 4 outputs")


@pytest.mark.parametrize("pool", ["max", "average"])
def test_every_setting_gives_what_numpy_gives(pool):
    for k, s, p in every_setting():
        for shift in range(4):
            explorer = Pooling(MINE, pool=pool, kernel_size=k, stride=s, padding=p, shift=shift)
            arrays = explorer.compute(explorer.state)
            shifted = MINE[:, [(column - shift) % 7 for column in range(7)]]
            np.testing.assert_array_equal(arrays["shifted"], shifted)
            for name, input in {"before": MINE, "output": shifted}.items():
                expected = pooled(input, pool, k, s, p)
                np.testing.assert_allclose(arrays[name], expected, rtol=1e-6, atol=1e-6)


def test_the_largest_value_is_the_largest_with_its_sign():
    assert Pooling([[-9, -1], [-3, -2]], shift=0).result == -1


def test_padding_is_minus_infinity_for_the_maximum_and_zeros_that_count_for_the_mean():
    ones = {"input": -np.ones((4, 4)), "padding": 1}
    assert Pooling(**ones).result[0, 0] == -1
    assert Pooling(**ones, pool="average").result[0, 0] == -0.25


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_shift_by_the_stride_moves_the_output_where_windows_tile_the_input(pool, stride):
    input = np.random.default_rng(stride).integers(-9, 10, (6, 6))
    explorer = Pooling(input, pool=pool, kernel_size=stride, shift=stride)
    np.testing.assert_array_equal(explorer.result, np.roll(explorer.unshifted, 1, axis=1))


def test_the_stride_is_the_kernel_size_by_default():
    for k in range(1, 5):
        assert Pooling(kernel_size=k).stride == k
    assert Pooling(kernel_size=2, stride=1).stride == 1


def test_a_mean_of_the_same_numbers_in_another_order_is_no_change():
    whole = Pooling(np.random.default_rng(1).normal(size=(4, 4)), pool="average", kernel_size=4, shift=1)
    assert whole.describe().endswith("changes 0 of 1 outputs")


def test_bounds_keep_the_padding_within_half_of_the_window_and_the_window_within_the_input():
    explorer = Pooling(MINE[:3], kernel_size=3, padding=1, stride=1)
    assert explorer.bounds(explorer.state) == {
        "kernel_size": (2, 3),
        "stride": (1, 4),
        "padding": (0, 1),
        "shift": (0, 3),
        "step": (0, 3 * 7 - 1),
    }


def test_every_state_within_the_bounds_is_legal():
    for k, s, p in every_setting():
        explorer = Pooling(kernel_size=k, stride=s, padding=p)
        for name, (low, high) in explorer.bounds(explorer.state).items():
            for value in (low, high):
                state = explorer.state | {name: value}
                legal = explorer.legal(state)
                assert {key: legal[key] for key in ALL if key != "step"} == {
                    key: state[key] for key in ALL if key != "step"
                }


def test_a_state_that_arrives_halfway_is_brought_to_the_nearest_legal_one():
    explorer = Pooling(kernel_size=4, padding=2, stride=1)
    explorer.view.step = 24
    explorer.view.kernel_size = (
        1  # as the page would send it, before the padding and the step that it implies
    )
    assert [explorer.state[name] for name in ("kernel_size", "padding", "step")] == [1, 0, 15]
    assert explorer.result.shape == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((2, 4, 4))},
            ValueError,
            r"input must have shape \(rows, columns\), got shape \(2, 4, 4\)",
        ),
        (
            {"input": np.ones((11, 4))},
            ValueError,
            r"input of shape \(11, 4\) is too big to show; at most 10 × 10",
        ),
        ({"input": [[1, np.inf], [1, 1]]}, ValueError, "input must be finite, got inf"),
        ({"pool": "min"}, ValueError, "pool must be one of max, average, got 'min'"),
        ({"kernel_size": 5}, ValueError, "kernel_size must be from 1 to 4 .* got 5"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be from 1 to 4 .* got 0"),
        (
            {"input": [[1, 2], [3, 4]], "kernel_size": 3},
            ValueError,
            "kernel_size must be from 1 to 2 .* got 3",
        ),
        ({"kernel_size": "2"}, TypeError, "kernel_size must be an integer, got '2'"),
        ({"stride": 5}, ValueError, "stride must be from 1 to 4 .* got 5"),
        ({"stride": 1.5}, TypeError, "stride must be an integer, got 1.5"),
        ({"padding": 2}, ValueError, "padding must be from 0 to 1 .* got 2"),
        ({"shift": 4}, ValueError, "shift must be from 0 to 3 .* got 4"),
        ({"shift": True}, TypeError, "shift must be an integer, got True"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_pooling_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        Pooling(**arguments)


# In a page


def marked(page, mark, table=0):
    """The places of a table's cells that are marked so."""
    places = page.locator("table.convlib-numbers").nth(table).locator(f"td.{mark}")
    return {
        tuple(place)
        for place in places.evaluate_all("(all) => all.map((e) => [e.parentElement.rowIndex, e.cellIndex])")
    }


def told(page, name):
    return page.locator(f".convlib-{name}").inner_text()


def number(x):
    """A number as the page writes it."""
    return f"{x:.4g}".replace("-", "−")


def assert_told(page, state, arrays):
    """The marks and the sentences are those of the state."""
    k, s, p, shift = (state[name] for name in ("kernel_size", "stride", "padding", "shift"))
    before, output = arrays["before"], arrays["output"]
    top, left = (s * place for place in divmod(state["step"], output.shape[1]))
    assert marked(page, "window") == {(top + i, left + j) for i in range(k) for j in range(k)}
    difference = np.abs(output - before)
    changed = difference > 1e-4
    assert marked(page, "changed", table=2) == set(zip(*(places.tolist() for places in np.nonzero(changed))))
    winners = marked(page, "current")
    if state["pool"] == "average":
        assert not winners
    else:
        [(row, column)] = winners
        assert arrays["shifted"][row - p, column - p] == output.flat[state["step"]]

    if not shift:
        assert told(page, "changed") == "The input is not shifted, so both outputs are the same."
        return
    outputs = f"{changed.sum()} of {output.size} outputs changed"
    outputs += f", by at most {number(difference.max())}." if changed.any() else "."
    assert told(page, "changed").endswith(outputs)
    by, rest = divmod(shift, s)
    why = told(page, "why")
    if rest:
        assert f"no multiple of the stride {s}" in why
        assert ("tolerance" in why) == (0 < changed.sum() < output.size)
        return
    others = np.flatnonzero((output != np.roll(before, by, axis=1)).any(axis=0))
    if len(others) == output.shape[1]:
        assert "no column of the output" in why
    else:
        assert f"moved by {by} column" in why
        assert why.endswith("exactly.") == (len(others) == 0)
        named = re.search(r"except in columns? ([\d, ]+):", why)
        assert (
            [int(column) for column in named[1].split(", ")] == others.tolist() if named else not len(others)
        )


@pytest.mark.parametrize("input", [W10, MINE], ids=["default", "oblong"])
def test_page_and_python_agree_and_the_sentences_are_true_wherever_the_controls_go(show, input):
    explorer = Pooling(input, controls=ALL)
    page = show(explorer)
    rng = np.random.default_rng(2)
    visited = set()
    for _ in range(60):
        name = str(rng.choice(ALL))
        if name == "pool":
            choose(page, "pool", str(rng.choice(["max", "average"])))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowLeft", "Home", "End"], p=[0.5, 0.3, 0.1, 0.1]))
            press(page, name, *[key] * int(rng.integers(1, 3)))
        state, arrays = assert_as_in_python(page, explorer)
        assert_told(page, state, arrays)
        visited.add(tuple(state[name] for name in ALL[:-1]))
    assert len(visited) > 20


def test_the_default_tells_that_one_output_of_four_changes_though_every_input_does(show):
    page = show(Pooling())
    assert told(page, "sum") == "output[0, 0] = max(2, 7, 6, 8) = 8"
    assert told(page, "changed") == (
        "Shifted by 1: 16 of 16 inputs changed, by at most 8; 1 of 4 outputs changed, by at most 1."
    )
    assert told(page, "why").endswith("Some outputs stay, some change: tolerance, not invariance.")
    assert marked(page, "current") == {(1, 1)}
    assert marked(page, "wrapped") == {(row, 0) for row in range(4)}
    label = cell(page, "Output after", 0, 1).get_attribute("aria-label")
    assert label == "7(+1), changed by the shift, row 0, column 1"


def test_a_shift_by_the_stride_is_said_to_move_the_output_exactly(show):
    page = show(Pooling())
    press(page, "shift", "ArrowRight")
    assert told(page, "why") == (
        "The shift is 1 × the stride: the output is the one before the shift, moved by 1 column, exactly."
    )
    press(page, "shift", "Home")
    assert not page.locator(".convlib-why").is_visible()


def test_the_numbers_that_are_left_are_counted(show):
    page = show(Pooling())
    assert told(page, "rule").endswith("16 numbers in, 4 out: 75 % are discarded.")
    press(page, "stride", "Home")  # windows share their largest numbers, so fewer than 9 may be left
    assert told(page, "rule").endswith("windows overlap. 16 numbers in, 9 out: 44 % fewer.")
    choose(page, "pool", "average")
    press(page, "kernel_size", "Home")
    assert told(page, "rule").endswith("16 numbers in, 16 out.")


def test_padding_is_empty_for_the_maximum_and_zero_for_the_mean(show):
    page = show(Pooling(kernel_size=3, padding=1, stride=3, shift=0, controls=ALL))
    corner = cell(page, "Input", 0, 0)
    assert corner.inner_text() == ""
    assert corner.get_attribute("aria-label") == "padding, −∞, in the window, row 0, column 0"
    assert told(page, "sum") == "output[0, 0] = max(−∞, −∞, −∞, −∞, 7, 3, −∞, 8, 7) = 8"
    choose(page, "pool", "average")
    assert corner.inner_text() == "0"
    assert told(page, "sum") == "output[0, 0] = (0 + 0 + 0 + 0 + 7 + 3 + 0 + 8 + 7) / 9 = 2.778"


def test_an_edited_cell_of_the_shifted_input_changes_the_number_that_it_holds(show):
    page = show(Pooling(kernel_size=3, padding=1, controls=ALL))
    place = cell(page, "Input", 1, 1)  # the first cell that is no padding: it holds the last column's number
    assert place.inner_text() == "2"
    place.click()
    page.keyboard.type("-9")
    page.keyboard.press("Enter")
    state, _ = assert_as_in_python(page, Pooling())
    assert state["input"] == [[7, 3, 5, -9], *W10[1:]]
    assert place.inner_text() == "−9"
    cell(page, "Input", 0, 0).click()  # padding
    assert page.locator("td input").count() == 0
    cell(page, "Input", 2, 2).click()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    assert "“many” is not a number" in page.get_by_role("alert").inner_text()


def test_play_back_next_and_a_chosen_output_move_the_window(show):
    page = show(Pooling())
    page.get_by_role("button", name="Next").press("Enter")
    assert shown(page)[0]["step"] == 1
    cell(page, "Output after", 0, 0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert shown(page)[0]["step"] == 2
    assert told(page, "sum") == "output[1, 0] = max(9, 4, 5, 0) = 9"
    page.locator(".widget-play button").first.click()
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.step === 3")


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_padded_state_gives_the_array_shown(show, library, pool, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(Pooling(-np.abs(MINE), pool=pool, kernel_size=3, stride=2, padding=1, shift=2))
    output = shown(page)[1]["output"]
    np.testing.assert_allclose(run(program(page, library))[0, 0], output, rtol=1e-6)
    capsys.readouterr()  # programs print what they computed


def test_a_maximum_is_padded_with_minus_infinity_in_every_library(show):
    page = show(Pooling(kernel_size=3, stride=1, padding=1))
    assert "max_pool2d(input, 3, stride=1, padding=1)" in program(page, "convlib")
    assert "constant_values=-np.inf" in program(page, "keras")
    assert "lax.reduce_window(input, -np.inf, lax.max" in program(page, "jax")
    assert "(1, 1, 3, 3), (1, 1, 1, 1), [(0, 0), (0, 0), (1, 1), (1, 1)])" in program(page, "jax")
