"""ReceptiveField: what a unit sees, counted path by path, and in a page without Python."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, choose, press, put_in_theme, settle, shown

from convlib.explorers import ReceptiveField
from convlib.explorers.receptive_field import CUSTOM, MOST_POSITIONS, PRESETS, traced_unit
from convlib.shapes import receptive_field

VGG = "VGG: 3, 3, pool, 3, 3, pool"


def dilated(dilation, kernel_size=3):
    return {"kernel_size": kernel_size, "dilation": dilation}


def count_paths(layers, unit):
    """How often each position is reached from the unit, by walking every path."""
    ways = Counter({unit: 1})
    for layer in reversed(layers):
        taps = [layer["dilation"] * tap for tap in range(layer["kernel_size"])]
        reached = Counter()
        for index, count in ways.items():
            for tap in taps:
                reached[index * layer["stride"] + tap] += count
        ways = reached
    return ways


def random_stacks(count, seed=0):
    """Stacks that can be drawn."""
    rng = np.random.default_rng(seed)
    while count:
        layers = [
            {
                "kernel_size": int(rng.integers(1, 8)),
                "stride": int(rng.choice([1, 1, 2, 3, 4])),
                "dilation": int(rng.choice([1, 1, 2, 4])),
            }
            for _ in range(rng.integers(1, 7))
        ]
        if receptive_field(layers).size <= MOST_POSITIONS:
            count -= 1
            yield layers


def seen(explorer):
    """Indices of the positions that the traced unit sees along one axis."""
    return np.flatnonzero(explorer.compute(explorer.state)["row"])


@pytest.mark.parametrize(
    ("preset", "size", "jump"),
    [
        ("three 3 × 3", 7, 1),
        ("one 7 × 7", 7, 1),
        (VGG, 16, 4),
        ("dilations 1, 2, 4", 15, 1),
        ("stem: 7/2, pool 3/2, 3, 3", 27, 4),
    ],
)
def test_a_stack_sees_as_much_as_worked_out_by_hand(preset, size, jump):
    explorer = ReceptiveField()
    explorer.update(preset=preset, position=0)
    np.testing.assert_array_equal(seen(explorer), np.arange(size))
    explorer.position = 1
    np.testing.assert_array_equal(seen(explorer), np.arange(jump, jump + size))


def test_three_small_kernels_see_as_far_as_a_large_one_but_not_all_of_it_equally():
    three, one = ReceptiveField([3, 3, 3]), ReceptiveField([7])
    rows = [explorer.compute(explorer.state)["row"].tolist() for explorer in (three, one)]
    assert rows == [[0, 0, 1, 3, 6, 7, 6, 3, 1, 0, 0], [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0]]
    assert three.result.max() == 7**2


def test_the_counts_are_those_of_every_path_walked():
    for layers in random_stacks(60):
        explorer = ReceptiveField(layers)
        for depth in range(len(layers) + 1):
            explorer.update(depth=depth, position=explorer.bounds(explorer.state)["position"].high)
            row, output = explorer.compute(explorer.state).values()
            unit = traced_unit(explorer.state)
            ways = count_paths(layers[:depth], unit)
            assert dict(ways) == {index: row[index] for index in np.flatnonzero(row)}
            field = receptive_field(layers[:depth])
            assert (min(ways), max(ways)) == (unit * field.jump, unit * field.jump + field.size - 1)
            np.testing.assert_allclose(output, np.outer(row.astype(float), row), rtol=1e-6)


def test_the_input_ends_where_the_last_of_the_units_stops_to_see():
    for layers in random_stacks(60, seed=1):
        explorer = ReceptiveField(layers)
        explorer.position = last = explorer.bounds(explorer.state)["position"].high
        row = explorer.compute(explorer.state)["row"]
        assert row[-1] > 0
        assert len(row) <= MOST_POSITIONS
        # there are five units, unless one more would not fit
        assert last == 4 or len(row) + receptive_field(layers).jump > MOST_POSITIONS


def test_a_stride_widens_what_later_layers_add_and_not_what_its_own_layer_does():
    sizes = [len(seen(ReceptiveField(layers))) for layers in ([3, 3], [3, (3, 2)], [(3, 2), 3])]
    assert sizes == [5, 5, 7]
    assert [
        receptive_field(explorer.layers).jump for explorer in map(ReceptiveField, ([3, (3, 2)], [(3, 2), 3]))
    ] == [2, 2]


def test_the_field_grows_with_the_depth_around_one_place():
    explorer = ReceptiveField(PRESETS[VGG])
    fields = []
    for depth in range(7):
        explorer.depth = depth
        fields.append(set(seen(explorer)))
    assert [len(field) for field in fields] == [1, 3, 5, 6, 10, 14, 16]
    assert all(inner < outer for inner, outer in pairwise(fields))


def test_a_dilated_stack_has_holes_that_are_not_seen():
    explorer = ReceptiveField([dilated(2), dilated(2)])
    assert seen(explorer).tolist() == [2, 4, 6, 8, 10]
    assert repr(explorer) == "<ReceptiveField: unit 2 of layer 2 sees 5 of 9 positions, 2 … 10; jump 1>"


def test_the_largest_counts_along_an_axis_are_exact():
    explorer = ReceptiveField([7] * 6)
    row, output = explorer.compute(explorer.state).values()
    assert row.sum(dtype=np.float64) == 7**6
    np.testing.assert_allclose(output.sum(dtype=np.float64), 7**12, rtol=1e-6)


def test_layers_go_round_and_are_what_shapes_takes():
    explorer = ReceptiveField([(2, 2), dilated(4)])
    assert explorer.layers == [
        {"kernel_size": 2, "stride": 2, "dilation": 1},
        {"kernel_size": 3, "stride": 1, "dilation": 4},
    ]
    before = explorer.state
    explorer.layers = explorer.layers
    assert explorer.state == before
    assert receptive_field(explorer.layers) == (18, 2, 0)


def test_a_stack_with_a_name_is_called_by_it():
    assert ReceptiveField().preset == "three 3 × 3"
    assert ReceptiveField(PRESETS[VGG]).preset == VGG
    assert ReceptiveField([3, 3]).preset == CUSTOM
    explorer = ReceptiveField([np.int64(3)] * 3, depth=1, position=np.int32(4))
    assert (explorer.preset, explorer.depth, explorer.position) == ("three 3 × 3", 1, 4)
    explorer.preset = "one 7 × 7"
    assert explorer.layers == PRESETS["one 7 × 7"]
    assert (explorer.depth, explorer.position) == (1, 2)
    explorer.preset = CUSTOM
    assert explorer.layers == PRESETS["one 7 × 7"]


def test_a_preset_that_arrives_before_its_layers_brings_them():
    explorer = ReceptiveField(depth=2, position=4)
    explorer.view.preset = list(explorer.choices["preset"]).index("dilations 1, 2, 4")
    state = explorer.state
    assert (state["layers"], state["depth"], state["position"]) == (PRESETS["dilations 1, 2, 4"], 3, 2)


def test_a_slider_that_is_out_of_range_is_brought_into_it():
    explorer = ReceptiveField([(7, 4), (7, 4)])
    assert explorer.bounds(explorer.state) == {"depth": (0, 2), "position": (0, 2)}
    explorer.view.depth, explorer.view.position = 9, -3
    assert (explorer.state["depth"], explorer.state["position"]) == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"layers": 3}, TypeError, "layers must be a sequence such as [3, (2, 2)], got 3"),
        ({"layers": []}, ValueError, "layers must hold 1 to 6 layers, got 0"),
        ({"layers": [1] * 7}, ValueError, "layers must hold 1 to 6 layers, got 7"),
        ({"layers": [3, 8]}, ValueError, "kernel_size of layers[1] must be from 1 to 7, got 8"),
        ({"layers": [(3, 0)]}, ValueError, "stride of layers[0] must be from 1 to 4, got 0"),
        ({"layers": [dilated(5)]}, ValueError, "dilation of layers[0] must be from 1 to 4, got 5"),
        ({"layers": [2.5]}, TypeError, "kernel_size of layers[0] must be an integer, got 2.5"),
        ({"layers": [(3, True)]}, TypeError, "stride of layers[0] must be an integer, got True"),
        (
            {"layers": [(3, 1, 2)]},
            ValueError,
            "layers[0] must be a kernel_size, a pair (kernel_size, stride)",
        ),
        ({"layers": [{"stride": 2}]}, ValueError, "a dict with a kernel_size"),
        ({"layers": [{"kernel_size": 3, "padding": 1}]}, ValueError, "perhaps stride and dilation, got {"),
        ({"layers": [(7, 4), (7, 4), 7]}, ValueError, "sees 127 positions; at most 64 can be drawn"),
        ({"depth": 4}, ValueError, "depth must be from 0 to 3 with the other settings as they are, got 4"),
        ({"position": 5}, ValueError, "position must be from 0 to 4"),
        ({"position": 1.0}, TypeError, "position must be an integer, got 1.0"),
        ({"controls": ("stride",)}, ValueError, "controls must be of depth, position, preset, got 'stride'"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, error, words):
    with pytest.raises(error) as caught:
        ReceptiveField(**arguments)
    assert str(caught.value).startswith("ReceptiveField: ")
    assert words in str(caught.value)


def test_an_unknown_preset_is_refused_and_nothing_changes():
    explorer = ReceptiveField()
    before = explorer.state
    with pytest.raises(ValueError, match=r"preset must be one of three 3 × 3, .*, custom, got 'AlexNet'"):
        explorer.preset = "AlexNet"
    assert explorer.state == before


def test_the_still_picture_has_the_layers_and_the_paths():
    still = ReceptiveField([(3, 2), 3]).still()
    assert "unit 2 of layer 2 sees 7 positions, 4 … 10; jump 2" in still
    cells = lambda *numbers: "<tr>" + "".join(f"<td>{number}</td>" for number in numbers) + "</tr>"  # noqa: E731
    assert cells(1, 3, 2, 1, 1, 3) + cells(2, 3, 1, 1, 2, 7) in still
    assert cells(*[0] * 4, 1, 1, 2, 1, 2, 1, 1, *[0] * 4) in still
    assert "sees only itself" in ReceptiveField(depth=0).still()


# in the page


def words(page, name):
    return page.locator(f".convlib-{name}").inner_text()


def layers_of(page):
    """The table of the layers as numbers, row by row."""
    rows = page.locator("[role=grid] tr:has(td)").all()
    return [[int(text) for text in row.locator("td").all_inner_texts()] for row in rows]


def type_in(page, row, column, text):
    """Types a number into the table of the layers; rows count from 1, columns from the layer's number."""
    cell(page, "The layers", row, column).click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    settle(page)


def drawn(page, name):
    """Left and right ends of the cells that are drawn so, row by row from the top, in cells of the input."""
    paths = page.locator(f".convlib-cone path.convlib-{name}").all()
    width = float(page.locator(".convlib-cone svg").get_attribute("viewBox").split()[2])
    one = width / len(shown(page)[1]["row"])
    rows = []
    for path in paths:
        pieces = [piece.split() for piece in (path.get_attribute("d") or "").split("M")[1:]]
        starts = [float(piece[0]) for piece in pieces]
        widths = [float(piece[1].split("h")[1].split("v")[0]) for piece in pieces]
        rows.append([(left / one, (left + wide) / one) for left, wide in zip(starts, widths)])
    return rows


def test_a_stack_tells_how_the_field_of_vgg_grows(show):
    page = show(ReceptiveField(PRESETS[VGG]))
    assert_as_in_python(page, ReceptiveField())
    assert words(page, "sees").startswith("Unit 2 of layer 6 sees 16 positions, 8 … 23.")
    assert "lies 1·1·2·1·1·2 = 4 further" in words(page, "sees")
    assert words(page, "growth").endswith(
        "1 + (3 − 1)·1·1 + (3 − 1)·1·1 + (2 − 1)·1·1 + (3 − 1)·1·2 + (3 − 1)·1·2 + (2 − 1)·1·2 = 16"
    )
    assert words(page, "counted").startswith("3·3·2·3·3·2 = 324 paths lead there: one to each end")
    jump_added_field = [row[4:] for row in layers_of(page)]
    assert jump_added_field == [[1, 2, 3], [1, 2, 5], [1, 1, 6], [2, 4, 10], [2, 4, 14], [2, 2, 16]]
    row = [int(text) for text in page.locator("td.heat").all_inner_texts()]
    assert row == [count_paths(PRESETS[VGG], 2)[index] for index in range(8, 24)]


@pytest.mark.parametrize("layers", [*PRESETS.values(), [(2, 3), (1, 2), 3], [dilated(2)] * 2, [(1, 4)] * 6])
def test_the_cells_that_are_lit_are_those_with_paths_and_the_numbers_those_of_shapes(show, layers):
    explorer = ReceptiveField(layers)
    page = show(explorer)
    for keys in ([], ["ArrowLeft"], ["Home"]):
        press(page, "depth", *keys)
        press(page, "position", "ArrowRight", "ArrowRight")
        state, arrays = assert_as_in_python(page, explorer)
        depth, unit = state["depth"], traced_unit(explorer.decode(state | {"preset": 0}))
        numbers = layers_of(page)
        stack = [dict(zip(("kernel_size", "stride", "dilation"), row[1:4])) for row in numbers]
        assert stack == explorer.layers
        for index, row in enumerate(numbers):
            before, after = receptive_field(stack[:index]), receptive_field(stack[: index + 1])
            assert row[4:] == [before.jump, after.size - before.size, after.size]
        lit = drawn(page, "lit" if depth else "traced")[-1]
        seen_in_drawing = sorted(round(left - 1 / 16) for left, _ in lit)
        assert seen_in_drawing == np.flatnonzero(arrays["row"]).tolist()
        field = receptive_field(stack[:depth])
        ((left, right),) = drawn(page, "traced")[0]
        middle = unit * field.jump + field.size / 2
        assert (left + right) / 2 == pytest.approx(middle)
        bars = page.locator(".convlib-cone path.convlib-counts").get_attribute("d").count("M")
        assert bars == len(lit)


def test_a_number_typed_into_the_table_makes_a_stack_of_ones_own(show):
    page = show(ReceptiveField(PRESETS[VGG]))
    press(page, "depth", "ArrowLeft")
    type_in(page, 1, 2, "2")
    state, _ = assert_as_in_python(page, ReceptiveField())
    assert state["preset"] == CUSTOM
    assert state["depth"] == 5
    assert [row[4:] for row in layers_of(page)][:3] == [[1, 2, 3], [2, 4, 7], [2, 2, 9]]
    assert words(page, "sees").startswith("Unit ")
    choose(page, "preset", "one 7 × 7")
    state, _ = assert_as_in_python(page, ReceptiveField())
    assert (state["layers"], state["depth"], state["position"]) == ([[7, 1, 1]], 1, 2)
    choose(page, "preset", CUSTOM)
    assert_as_in_python(page, ReceptiveField())
    page.get_by_role("button", name="Reset").click()
    state, _ = assert_as_in_python(page, ReceptiveField())
    assert (state["preset"], state["depth"]) == (VGG, 6)


@pytest.mark.parametrize(
    ("row", "column", "typed", "problem"),
    [
        (2, 1, "8", "kernel_size of layer 2 must be a whole number from 1 to 7, not 8"),
        (3, 2, "0", "stride of layer 3 must be a whole number from 1 to 4, not 0"),
        (1, 3, "1/2", "dilation of layer 1 must be a whole number from 1 to 4, not 0.5"),
        (6, 3, "-1", "dilation of layer 6 must be a whole number from 1 to 4, not −1"),
        (1, 2, "4", "a unit would see 143 positions, and at most 64 can be drawn"),
        (1, 1, "many", "“many” is not a number"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_its_reason(show, row, column, typed, problem):
    explorer = ReceptiveField([3, 3, (2, 2), (3, 2), 7, (2, 2)])
    page = show(explorer)
    before = shown(page)
    type_in(page, row, column, typed)
    assert problem in words(page, "alert")
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["row"], before[1]["row"])


def test_layers_are_added_and_taken_away_until_no_more_can_be(show):
    page = show(ReceptiveField([3]))
    add, remove = (page.get_by_role("button", name=name) for name in ("Add a layer", "Remove the last"))
    assert remove.get_attribute("aria-disabled") == "true"
    remove.press("Enter")
    assert "from 1 to 6 layers" in words(page, "alert")
    for count in range(2, 7):
        assert add.get_attribute("aria-disabled") == "false"
        add.press("Enter")
        settle(page)
        state, arrays = assert_as_in_python(page, ReceptiveField())
        assert (state["layers"], state["depth"]) == ([[3, 1, 1]] * count, count)
        assert np.count_nonzero(arrays["row"]) == 1 + 2 * count
    assert add.get_attribute("aria-disabled") == "true"
    remove.press("Enter")
    settle(page)
    assert assert_as_in_python(page, ReceptiveField())[0]["layers"] == [[3, 1, 1]] * 5


def test_the_heat_map_is_white_where_nothing_is_seen_and_darker_with_more_paths(show):
    page = show(ReceptiveField([dilated(2), dilated(2)]))
    _, arrays, _ = shown(page)
    pixels = page.locator("canvas").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    red, counts = np.array(pixels[0::4]), arrays["output"].ravel()
    assert (red[counts == 0] == 255).all()
    assert (red[counts > 0] < 170).all()
    assert (np.diff(red[np.argsort(counts, kind="stable")]) <= 0).all()
    assert page.locator(".convlib-picture").get_attribute("aria-label") == (
        "Heat map of the paths to each position: rows and columns 2 to 10 are seen; at most 9 paths."
    )


def test_holes_are_counted_in_words(show):
    page = show(ReceptiveField([dilated(2, kernel_size=2)]))
    assert words(page, "sees").startswith(
        "Unit 2 of layer 1 sees 2 of 3 positions, 2 … 4; the other is a hole."
    )
    choose(page, "preset", "dilations 1, 2, 4")
    assert words(page, "sees").startswith("Unit 2 of layer 3 sees 15 positions, 2 … 16.")
    type_in(page, 1, 3, "2")
    assert words(page, "sees").startswith(
        "Unit 2 of layer 3 sees 9 of 17 positions, 2 … 18; the 8 others are holes."
    )


def test_the_largest_count_is_told_exactly(show):
    page = show(ReceptiveField([7] * 6))
    assert_as_in_python(page, ReceptiveField())
    largest = max(count_paths([{"kernel_size": 7, "stride": 1, "dilation": 1}] * 6, 0).values())
    assert f"{7**6} paths lead there" in words(page, "counted")
    assert f"{largest} to the most used" in words(page, "counted")
    assert page.locator(".convlib-legend").inner_text().split()[-1] == str(largest**2)


def test_the_arrow_keys_walk_from_layer_to_layer_below_the_headings(show):
    page = show(ReceptiveField([3, 3]))
    cell(page, "The layers", 1, 0).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel") == "3, kernel_size of layer 2"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel") == "3, kernel_size of layer 2"
    heads = page.locator("[role=grid] th").all_inner_texts()
    assert heads == ["layer", "k", "s", "d", "jump", "adds", "field"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("layers=[[3,1]]", "a layer is a kernel_size, a stride and a dilation"),
        ("layers=[[3,1,1],[9,1,1]]", "kernel_size of layer 2 must be a whole number from 1 to 7, not 9"),
        ("layers=[[3,1,1.5]]", "dilation of layer 1 must be a whole number"),
        ("layers=[]", "a stack has from 1 to 6 layers"),
        ("layers=[[7,4,1],[7,4,1],[7,1,1]]", "a unit would see 127 positions"),
    ],
)
def test_a_link_with_layers_that_cannot_be_shown_is_refused_with_its_reason(show, fields, problem):
    page = show(ReceptiveField(PRESETS[VGG]))
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    page.evaluate("(hash) => { location.hash = hash }", f'explorer={label}&preset="custom"&{fields}')
    settle(page)
    assert problem in words(page, "alert")
    assert shown(page)[0] == before


def test_the_state_is_spoken(show):
    page = show(ReceptiveField([3, 3, 3]))
    assert page.locator(".convlib-spoken").inner_text() == (
        "Unit 2 of layer 3 sees 7 positions, 2 … 8. The next unit's field lies 1·1·1 = 1 further: the jump. "
        "3·3·3 = 27 paths lead there: one to each end of the field, 7 to the most used position."
    )
    assert (
        page.get_by_role("img")
        .first.get_attribute("aria-label")
        .startswith("3 layers over 11 positions of input.")
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_seen_differs_from_what_is_not_by_more_than_its_fill(show, theme):
    page = show(ReceptiveField(depth=2), theme=theme)
    put_in_theme(page, theme)
    style = "(path) => ['stroke', 'strokeDasharray'].map((name) => getComputedStyle(path)[name])"
    looks = [
        page.locator(f".convlib-cone path.convlib-{name}").first.evaluate(style)
        for name in ("unlit", "lit", "later")
    ]
    assert len({tuple(look) for look in looks}) == 3
    assert looks[2][1] != "none"
