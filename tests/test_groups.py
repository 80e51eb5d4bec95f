"""Groups: what it computes and costs against independent truths, and what a page without Python shows."""

import re

import numpy as np
import pytest
from in_page import (
    assert_as_in_python,
    choose,
    press,
    program,
    read_sliders,
    run_shown,
    settle,
    shown,
    slider,
)

from convlib import conv2d
from convlib.explorers import Groups
from convlib.explorers.groups import CHANNELS, common_divisors, nearest_divisor
from convlib.shapes import count_macs, count_parameters

MINE = np.arange(6 * 4 * 5).reshape(6, 4, 5) % 9 / 4


# In Python


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_a_grouped_convolution_is_the_separate_ones_one_after_the_other(groups):
    layer = Groups(in_channels=6, out_channels=12, groups=groups, kernel_size=5, size=9)
    padding = {"padding": 2}
    inputs, weights, biases = (np.split(array, groups) for array in (layer.input, layer.weight, layer.bias))
    separate = [conv2d(*part, **padding) for part in zip(inputs, weights, biases)]
    np.testing.assert_array_equal(layer.result, np.concatenate(separate))

    whole = np.zeros((12, 6, 5, 5), np.float32)
    for group, weight in enumerate(weights):
        whole[group * 12 // groups :, group * 6 // groups :][: 12 // groups, : 6 // groups] = weight
    np.testing.assert_array_equal(layer.result, conv2d(layer.input, whole, layer.bias, **padding))


@pytest.mark.parametrize(("c_in", "c_out"), [(3, 64), (4, 8), (24, 16), (64, 64)])
def test_connected_is_block_diagonal(c_in, c_out):
    for groups in common_divisors({"in_channels": c_in, "out_channels": c_out}):
        blocks = np.kron(np.eye(groups), np.ones((c_out // groups, c_in // groups)))
        layer = Groups(in_channels=c_in, out_channels=c_out, groups=groups, size=8)
        np.testing.assert_array_equal(layer.connected, blocks)


def test_every_sum_is_exact_and_every_channel_differs():
    layer = Groups(groups=1, kernel_size=5)
    operands = (array.astype(np.int64) for array in (layer.input, layer.weight, layer.bias))
    np.testing.assert_array_equal(layer.result, conv2d(*operands, padding=2))
    assert len(np.unique(layer.result.reshape(64, -1), axis=0)) == 64
    assert len(np.unique(layer.input.reshape(64, -1), axis=0)) == 64


def test_the_default_is_the_layer_of_the_text_with_a_quarter_of_the_weights():
    layer = Groups()
    assert layer.result.shape == (64, 32, 32)
    assert layer.weight.shape == (64, 16, 3, 3)
    assert layer.describe() == "64 to 64 channels in 4 groups, 3 × 3: 9,280 of 36,928 parameters"
    for number in ("(64, 16, 3, 3)", "9,216", "36,864", "9,437,184", "37,748,736", "16 input channels"):
        assert number in layer.still()


def test_groups_of_one_channel_give_the_weights_of_a_depthwise_separable_convolution():
    depthwise = Groups(in_channels=3, out_channels=3, groups=3)
    pointwise = Groups(in_channels=3, out_channels=4, groups=1, kernel_size=1)
    whole = Groups(in_channels=3, out_channels=4, groups=1)
    assert (depthwise.weight.size, pointwise.weight.size, whole.weight.size) == (27, 12, 108)
    assert "640 of 36,928 parameters" in Groups(groups=64).describe()
    assert Groups(in_channels=32, groups=32).weight.shape == (64, 1, 3, 3)


# divisors of 64 and 64, and of 24 and 16
MOVES = [
    ((5, 4, [1, 2, 4, 8, 16, 32, 64]), 8),  # an arrow to the right …
    ((17, 16, [1, 2, 4, 8, 16, 32, 64]), 32),
    ((15, 16, [1, 2, 4, 8, 16, 32, 64]), 8),  # … and to the left
    ((21, 16, [1, 2, 4, 8, 16, 32, 64]), 32),  # a page up, whose nearest divisor would be where it was …
    ((59, 64, [1, 2, 4, 8, 16, 32, 64]), 32),  # … and a page down
    ((9, 4, [1, 2, 4, 8, 16, 32, 64]), 8),
    ((18, 4, [1, 2, 4, 8, 16, 32, 64]), 16),  # dragged to the nearest
    ((30, 4, [1, 2, 4, 8, 16, 32, 64]), 32),
    ((64, 4, [1, 2, 4, 8, 16, 32, 64]), 64),
    ((16, 16, [1, 2, 4, 8]), 8),  # the channels have changed: the nearest below
    ((6, 6, [1, 2, 4, 8]), 4),
    ((7, 7, [1, 2, 4, 8]), 4),
    ((-3, 4, [1, 2, 4]), 1),
    ((99, 4, [1, 2, 4]), 4),
    ((2, 1, [1]), 1),
]


@pytest.mark.parametrize(("moved", "rests"), MOVES)
def test_groups_comes_to_rest_at_a_divisor(moved, rests):
    assert nearest_divisor(*moved) == rests


def test_no_move_ends_elsewhere_than_at_a_divisor_and_a_key_never_stays():
    for c_in in CHANNELS:
        for c_out in CHANNELS:
            divisors = common_divisors({"in_channels": c_in, "out_channels": c_out})
            for settled in divisors:
                for moved in range(-70, 70):
                    assert nearest_divisor(settled + moved, settled, divisors) in divisors
                if settled < divisors[-1]:
                    assert nearest_divisor(settled + 1, settled, divisors) > settled
                    assert nearest_divisor(settled + 5, settled, divisors) > settled
                if settled > 1:
                    assert nearest_divisor(settled - 1, settled, divisors) < settled


def test_what_arrives_halfway_is_brought_to_the_nearest_legal_layer():
    layer = Groups(in_channels=24, out_channels=24, groups=6)
    layer.view.out_channels = CHANNELS.index(16)  # as the front end sends it, the groups still on their way
    assert (layer.out_channels, layer.groups) == (16, 4)
    assert layer.result.shape == (16, 32, 32)
    layer.view.groups, layer.view.channel, layer.view.size = 10**6, -4, 10**6
    assert (layer.groups, layer.channel, layer.size) == (8, 0, 64)


def test_settings_change_together_or_not_at_all():
    layer = Groups()
    layer.update(in_channels=6, out_channels=12, groups=3, channel=11)
    assert layer.weight.shape == (12, 2, 3, 3)
    assert layer.view.settled == 3
    with pytest.raises(ValueError, match="it must be one of 1, 2, 4; got 3"):
        layer.in_channels = 4
    assert layer.in_channels == 6
    controls = dict(layer.controls)
    assert (controls["groups"].max, controls["groups"].value, controls["channel"].max) == (6, 3, 11)


def test_the_callers_own_input_fixes_channels_and_size():
    layer = Groups(input=MINE, out_channels=12, groups=3)
    assert (layer.in_channels, layer.result.shape) == (6, (12, 4, 5))
    assert [name for name, _ in layer.controls] == ["out_channels", "kernel_size", "groups", "channel"]
    separate = [
        conv2d(part, weight, bias, padding=1)
        for part, weight, bias in zip(
            *(np.split(array, 3) for array in (MINE.astype(np.float32), layer.weight, layer.bias))
        )
    ]
    np.testing.assert_array_equal(layer.result, np.concatenate(separate))
    assert f"{count_macs(6, 12, (3, 3), (4, 5), 3):,}" in layer.still()
    with pytest.raises(ValueError, match="in_channels must be 6, which the input has, got 8"):
        layer.in_channels = 8
    layer.input = MINE[:3]
    assert (layer.in_channels, layer.input.shape) == (3, (3, 4, 5))
    layer.input = None
    assert layer.input.shape == (3, 32, 32)


REFUSED = [
    ({"groups": 3}, ValueError, "groups must divide in_channels 64 and out_channels 64.*one of 1, 2, 4, 8"),
    ({"groups": 0}, ValueError, "groups must divide .* got 0"),
    ({"groups": 2.0}, TypeError, "groups must be an integer, got 2.0"),
    ({"in_channels": 5}, ValueError, "in_channels must be one of 3, 4, 6, .* got 5"),
    ({"out_channels": "8"}, ValueError, "out_channels must be one of .* got '8'"),
    ({"kernel_size": 2}, ValueError, "kernel_size must be one of 1, 3, 5, got 2"),
    ({"kernel_size": True}, ValueError, "kernel_size must be one of .* got True"),
    ({"size": 7}, ValueError, "size must be from 8 to 64"),
    ({"channel": 64}, ValueError, "channel must be from 0 to 63"),
    ({"controls": ["stride"]}, ValueError, "controls must be of .*, got 'stride'"),
    ({"input": MINE, "in_channels": 8}, ValueError, "in_channels must be 6, which the input has, got 8"),
    ({"input": MINE}, ValueError, "groups must divide in_channels 6 .*one of 1, 2; got 4"),
    ({"input": MINE[0]}, ValueError, r"input must have shape \(channels, rows, columns\)"),
    ({"input": MINE[:5]}, ValueError, r"input must have one of 3, 4, 6, 8, 12, 16 channels.*\(5, 4, 5\)"),
    (
        {"input": np.zeros((4, 17, 3))},
        ValueError,
        "input of shape .* is too big to show; at most 16 × 16 × 16",
    ),
    ({"input": np.full((4, 2, 2), np.nan)}, ValueError, "input must be finite"),
    ({"input": np.zeros(0)}, ValueError, "input must have shape"),
]


@pytest.mark.parametrize(("arguments", "error", "words"), REFUSED)
def test_what_cannot_be_shown_is_refused_by_name(arguments, error, words):
    with pytest.raises(error, match=f"Groups: {words}"):
        Groups(**arguments)


def test_measure_times_one_group_the_layers_and_depthwise():
    times = Groups(in_channels=8, out_channels=16, groups=4, size=8).measure(rounds=1)
    assert list(times) == [1, 4, 8]
    assert all(time > 0 for time in times.values())
    assert list(Groups(in_channels=16, out_channels=8, size=8).measure(rounds=1)) == [1, 4]
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        Groups().measure(rounds=0)


# In the page


def texts(page, caption):
    """The table with this caption, as rows of texts."""
    table = page.locator("table", has=page.locator("caption", has_text=re.compile(f"^{caption}$")))
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]


def told(page, name):
    return page.locator(f".convlib-{name}").inner_text()


def drawn(page, name, shape):
    """The cells of the matrix of this shape that a path of the drawing covers."""
    rectangles = [
        np.array(numbers, float)
        for numbers in re.findall(
            r"M(\S+) (\S+)h(\S+)v(\S+)h\S+z", page.locator(f".convlib-{name}").get_attribute("d")
        )
    ]
    ground = re.match(r"M(\S+) (\S+)h(\S+)v(\S+)h", page.locator(".convlib-ground").get_attribute("d"))
    left, top, width, height = (float(number) for number in ground.groups())
    rows, columns = shape
    cells = np.zeros(shape)
    for x, y, w, h in rectangles:
        first = round((y - top) / height * rows), round((x - left) / width * columns)
        count = round(h / height * rows), round(w / width * columns)
        cells[first[0] :, first[1] :][: count[0], : count[1]] += 1
    return cells


def assert_told(page, state, arrays):
    """The blocks, the sentences and the costs on the screen are those of the state."""
    c_in, c_out, k, groups = (
        state[name] for name in ("in_channels", "out_channels", "kernel_size", "groups")
    )
    blocks = np.kron(np.eye(groups), np.ones((c_out // groups, c_in // groups)))
    np.testing.assert_array_equal(drawn(page, "block", blocks.shape), blocks)
    row = np.zeros((c_out, 1))
    row[state["channel"]] = 1
    np.testing.assert_array_equal(drawn(page, "read", blocks.shape), blocks * row)

    read = np.flatnonzero(blocks[state["channel"]])
    reads = told(page, "reads")
    if groups == 1:
        assert f"reads all {c_in} input channels" in reads
    elif len(read) == 1:
        assert f"reads input channel {read[0]} and none of the other {c_in - 1}" in reads
    else:
        assert f"reads input channels {read[0]} to {read[-1]} and none of the other" in reads
    assert f"= {len(read) * k * k} products" in told(page, "products")
    assert ("mixes all" in told(page, "mixing")) == (groups == 1)
    assert ("a depthwise convolution" in told(page, "mixing")) == (groups == c_in > 1)

    costs = texts(page, "What the layer costs")
    image = arrays["output"].shape[1:]
    for column, of in ((1, groups), (2, 1)):
        parameters = count_parameters(c_in, c_out, (k, k), of)
        expected = [
            f"groups = {of}",
            str((c_out, c_in // of, k, k)),
            f"{count_parameters(c_in, c_out, (k, k), of, bias=False):,}",
            str(c_out),
            f"{parameters:,}",
            f"{count_macs(c_in, c_out, (k, k), image, of):,}",
        ]
        assert [line[column] for line in costs] == expected
    assert costs[5][3] == (f"1/{groups}" if groups > 1 else "1")


def test_blocks_costs_and_sentences_follow_the_controls(show):
    page, layer = show(Groups()), Groups()
    assert_told(page, *assert_as_in_python(page, layer))
    moves = [
        ("groups", "End"),
        ("channel", "End"),
        ("in_channels", "32"),
        ("kernel_size", "1"),
        ("groups", "Home"),
        ("out_channels", "24"),
        ("groups", "ArrowRight"),
        ("in_channels", "3"),
        ("groups", "End"),
        ("out_channels", "4"),
    ]
    for name, to in moves:
        (choose if name in layer.choices else press)(page, name, to)
        assert_told(page, *assert_as_in_python(page, layer))


def test_the_default_shows_the_numbers_of_the_text(show):
    page = show(Groups())
    costs = {name: numbers for name, *numbers in texts(page, "What the layer costs")}
    assert costs["weight shape"][:2] == ["(64, 16, 3, 3)", "(64, 64, 3, 3)"]
    assert costs["parameters"] == ["9,280", "36,928", "0.2513"]
    assert costs["weights"][2] == costs["multiply-adds"][2] == "1/4"
    value = Groups().result[21, 16, 16]
    assert f"output[21, 16, 16] = {value:.0f}," in told(page, "products").replace("−", "-")
    label = page.get_by_role("img").get_attribute("aria-label")
    assert label.startswith(
        "Matrix of 64 output channels by 64 input channels. Weights: 4 groups of 16 kernels"
    )
    assert label.endswith("it reads input channels 16 to 31 and none of the other 48.")


def test_a_key_takes_groups_to_the_next_divisor(show):
    page = show(Groups())
    press(page, "groups", "Home")
    seen = [shown(page)[0]["groups"]]
    for key in ["ArrowRight"] * 7 + ["ArrowLeft", "PageDown", "PageDown", "PageUp"]:
        press(page, "groups", key)
        seen.append(shown(page)[0]["groups"])
    assert seen == [1, 2, 4, 8, 16, 32, 64, 64, 32, 16, 8, 16]
    assert slider(page, "groups").get_attribute("aria-valuenow") == "16.0"


def test_groups_is_dragged_to_the_nearest_divisor(show):
    page = show(Groups())
    handle = slider(page, "groups").bounding_box()
    track = page.locator(".widget-slider:has(label:text-is('groups')) .noUi-base").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    rests = []
    for wanted in (20, 28, 40, 60):
        page.mouse.move(track["x"] + (wanted - 1) / 63 * track["width"], handle["y"] + 5)
        settle(page)
        rests.append(shown(page)[0]["groups"])
    page.mouse.up()
    settle(page)
    assert rests == [16, 32, 32, 64]
    assert_as_in_python(page, Groups())


def test_other_channels_take_groups_to_the_nearest_divisor_below(show):
    page = show(Groups(in_channels=24, out_channels=24, groups=6))
    choose(page, "out_channels", "16")
    assert shown(page)[0]["groups"] == 4
    choose(page, "in_channels", "3")
    assert shown(page)[0]["groups"] == 1
    assert read_sliders(page)["groups"] == [1, [1, 1]]
    assert told(page, "rule") == "groups must divide both C_in = 3 and C_out = 16: only 1 does."


def test_a_click_chooses_the_output_channel(show):
    page = show(Groups())
    ground = page.locator(".convlib-ground").bounding_box()
    page.mouse.click(ground["x"] + 20, ground["y"] + 50.5 / 64 * ground["height"])
    settle(page)
    assert shown(page)[0]["channel"] == 50
    assert "Output channel 50 is in group 3: it reads input channels 48 to 63" in told(page, "reads")


def test_times_are_measured_in_turns_beside_the_multiply_adds_until_the_layer_changes(show):
    page = show(Groups())
    measured = page.locator(".convlib-measured")
    assert not measured.is_visible()
    page.evaluate("window.ticks = 0; setInterval(() => { window.ticks += 1; }, 1);")
    button = page.get_by_role("button", name="Measure here")
    assert button.evaluate("(e) => { e.click(); e.click(); return e.textContent; }") == "Measuring…"
    measured.wait_for()
    assert page.evaluate("window.ticks") >= 15  # the page went on between the timings
    rows = texts(page, "Measured here")
    assert [row[0] for row in rows] == ["groups", "1", "4", "64, depthwise"]
    assert [row[3] for row in rows[1:]] == ["1", "1/4 = 0.25", "1/64 = 0.016"]
    times = [float(row[1]) for row in rows[1:]]
    assert all(time > 0 for time in times)
    for row, time in zip(rows[1:], times):
        assert float(row[2]) == pytest.approx(time / times[0], rel=0.06)
    assert "groups = 4: 4 times fewer multiply-adds, " in told(page, "compares")
    for words in ("on this machine, in this browser, in one thread", "Another run gives"):
        assert words in measured.inner_text()

    press(page, "channel", "ArrowRight")
    assert measured.is_visible()
    press(page, "groups", "ArrowRight")
    assert not measured.is_visible()


def test_what_was_measured_for_another_layer_is_not_shown(show):
    page = show(Groups())
    page.get_by_role("button", name="Measure here").press("Enter")
    choose(page, "kernel_size", "5")
    page.get_by_role("button", name="Measure here").wait_for()
    assert not page.locator(".convlib-measured").is_visible()


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_holds_the_callers_own_input(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    layer = Groups(input=MINE, out_channels=12, groups=3)
    page = show(layer)
    state, arrays = assert_as_in_python(page, layer)
    assert_told(page, state, arrays)
    text = program(page, library)
    assert "groups=3" in text
    np.testing.assert_allclose(run_shown(text), arrays["output"], rtol=1e-6)
    capsys.readouterr()  # programs print what they computed


def test_a_link_with_no_stack_of_planes_is_ignored_with_a_note(show):
    page = show(Groups(input=MINE, groups=2))
    before = shown(page)[0]
    label = page.locator(".convlib-explorer").get_attribute("data-label")
    for value in ("[[[1]]]", "[[[1,2]],[[1,2]],[[1]]]", "[[[1]],[[2]],[[3],[4]]]", "[[[]],[[]],[[]]]"):
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&input={value}")
        settle(page)
        assert "The link's state is ignored" in page.locator(".convlib-alert").inner_text(), value
        assert shown(page)[0] == before, value
