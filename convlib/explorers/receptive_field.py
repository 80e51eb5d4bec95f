"""ReceptiveField: what one unit of a stack of layers sees of the input, and over how many paths."""

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import Explorer, Range, View, check_integer, html_table, setting
from convlib.gradients import conv1d_input, conv2d_input
from convlib.shapes import receptive_field

MOST_LAYERS, MOST_POSITIONS, MOST_UNITS = 6, 64, 5
LARGEST = {"kernel_size": 7, "stride": 4, "dilation": 4}


def layer_of(kernel_size, stride=1, dilation=1):
    return {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}


CONV, POOL = layer_of(3), layer_of(2, stride=2)
PRESETS = {
    "three 3 × 3": [CONV] * 3,
    "one 7 × 7": [layer_of(7)],
    "VGG: 3, 3, pool, 3, 3, pool": [CONV, CONV, POOL] * 2,
    "dilations 1, 2, 4": [layer_of(3, dilation=d) for d in (1, 2, 4)],
    "stem: 7/2, pool 3/2, 3, 3": [layer_of(7, stride=2), layer_of(3, stride=2), CONV, CONV],
}
CUSTOM = "custom"


class ReceptiveFieldView(View):
    code = "receptive_field"

    preset = Int().tag(sync=True, setting=True)
    layers = List().tag(sync=True, setting=True)  # of [kernel_size, stride, dilation]
    depth = Int().tag(sync=True, setting=True)
    position = Int().tag(sync=True, setting=True)


class ReceptiveField(Explorer):
    """What one unit of a stack of convolutions and pools sees of the input, and over how many paths.

    There is no padding. The input is as long as the last layer's units need, of which there are up to 5.

    Parameters
    ----------
    layers : sequence
        From the input to the last layer, 1 to 6 of them, each a kernel_size from 1 to 7, a pair
        (kernel_size, stride), or a dict with kernel_size and perhaps stride and dilation, both from 1 to 4.
        A pool counts as a convolution of its size. One unit of the last layer may see 64 positions at most.
    depth : int, optional
        How many of the layers are looked through, from the input on; by default all.
    position : int, optional
        Which unit of the last layer is traced, by default the middle one. With a smaller ``depth`` it is the
        unit in the middle of what that one sees.
    controls : sequence of str
        Which controls are shown, of "preset", "depth", "position".

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong type or is out of range, or the stack sees too much to be drawn.

    Notes
    -----
    The number of paths from the unit to a position is the gradient of the unit for that position, with
    kernels of ones. ``result`` has it in two dimensions, as float32: exact below 2**24.

    Examples
    --------
    >>> field = ReceptiveField([3, 3])
    >>> field
    <ReceptiveField: unit 2 of layer 2 sees 5 positions, 2 … 6; jump 1>
    >>> field.compute(field.state)["row"]
    array([0., 0., 1., 2., 3., 2., 1., 0., 0.], dtype=float32)
    >>> field.layers = [3, (2, 2), 3]
    >>> field
    <ReceptiveField: unit 2 of layer 3 sees 8 positions, 4 … 11; jump 2>
    """

    view_class = ReceptiveFieldView
    choices = {"preset": (*PRESETS, CUSTOM)}  # noqa: RUF012
    plays = {"depth": "through the layers"}  # noqa: RUF012

    preset = setting("preset", 'Name of the stack, or "custom".')
    layers = setting("layers", "The layers, dicts of kernel_size, stride and dilation.")
    depth = setting("depth", "How many of the layers are looked through.")
    position = setting("position", "Which unit of the last layer is traced.")

    def __init__(
        self,
        layers=(3, 3, 3),
        *,
        depth=None,
        position=None,
        controls=("preset", "depth", "position"),
    ):
        given = {"layers": layers, "depth": depth, "position": position}
        super().__init__(whole({name: value for name, value in given.items() if value is not None}), controls)

    def update(self, **changes):
        super().update(**whole(changes))

    @staticmethod
    def compute(state):
        """How many paths lead from the unit to each position: along one axis, and in the plane."""
        layers = state["layers"][: state["depth"]]
        sizes, unit = sizes_of(state["layers"]), traced_unit(state)

        def count(axes, transposed):
            paths = np.zeros((1, *[sizes[len(layers)]] * axes), np.float32)
            paths[0][(unit,) * axes] = 1
            for layer, size in zip(reversed(layers), reversed(sizes[: len(layers)])):
                weight = np.ones((1, 1, *[layer["kernel_size"]] * axes), np.float32)
                steps = {"stride": layer["stride"], "dilation": layer["dilation"]}
                paths = transposed((1, *[size] * axes), weight, paths, **steps)
            return paths[0]

        return {"row": count(1, conv1d_input), "output": count(2, conv2d_input)}

    @staticmethod
    def legal(state):
        """The nearest state that can be shown; a preset that has moved brings its layers."""
        preset = state["preset"]
        if preset != CUSTOM and PRESETS[preset] != state["layers"]:
            state = state | looked_through(PRESETS[preset])
        return state | {
            name: min(max(state[name], low), high)
            for name, (low, high) in ReceptiveField.bounds(state).items()
        }

    @staticmethod
    def bounds(state):
        """The `Range` of each slider, the layers being what they are."""
        layers = state["layers"]
        return {"depth": Range(0, len(layers)), "position": Range(0, count_units(layers) - 1)}

    def decode(self, settings):
        return super().decode(settings) | {"layers": [layer_of(*row) for row in settings["layers"]]}

    def encode(self, state):
        return super().encode(state) | {"layers": [list(layer.values()) for layer in state["layers"]]}

    def describe(self):
        state = self.state
        unit, depth = traced_unit(state), state["depth"]
        if depth == 0:
            return f"before the first layer, position {unit} sees only itself"
        field = receptive_field(state["layers"][:depth])
        seen, first = np.count_nonzero(self.compute(state)["row"]), unit * field.jump
        of = "" if seen == field.size else f" of {field.size}"
        where = f"positions, {first} … {first + field.size - 1}" if field.size > 1 else f"position, {first}"
        return f"unit {unit} of layer {depth} sees {seen}{of} {where}; jump {field.jump}"

    def still(self):
        state = self.state
        layers, depth = state["layers"], state["depth"]
        before = [receptive_field(layers[:index]) for index in range(depth + 1)]
        rows = [
            (index + 1, *layers[index].values(), before[index].jump, before[index + 1].size)
            for index in range(depth)
        ]
        stack = html_table(
            rows, "Each layer: its number, kernel size, stride, dilation, jump before it, field after it"
        )
        paths = html_table(self.compute(state)["row"][np.newaxis], "Paths to each position of the input")
        return (
            f"<p>Receptive field: {self.describe()}. A layer adds (k − 1)·d times the jump before it, "
            f"which is the product of the strides of all earlier layers.</p>{stack}{paths}"
        )


def whole(changes):
    """The changes, and what follows from a new stack: its name, and that it is looked through as a whole."""
    if "layers" in changes:
        layers = as_layers(changes["layers"])
    elif changes.get("preset") in [*PRESETS]:
        layers = PRESETS[changes["preset"]]
    else:
        return changes
    preset = next((name for name, stack in PRESETS.items() if stack == layers), CUSTOM)
    return looked_through(layers) | changes | {"layers": layers, "preset": preset}


def looked_through(layers):
    return {"layers": layers, "depth": len(layers), "position": count_units(layers) // 2}


def count_units(layers):
    """How many units the last layer has."""
    size, jump, _ = receptive_field(layers)
    return min((MOST_POSITIONS - size) // jump + 1, MOST_UNITS)


def sizes_of(layers):
    """How many units there are: in the input, in the first layer … in the last."""
    sizes = [count_units(layers)]
    for layer in reversed(layers):
        span = layer["dilation"] * (layer["kernel_size"] - 1)
        sizes.append((sizes[-1] - 1) * layer["stride"] + span + 1)
    return sizes[::-1]


def traced_unit(state):
    """The unit in the middle of what the last layer's unit at ``position`` sees of layer ``depth``."""
    unit = state["position"]
    for layer in reversed(state["layers"][state["depth"] :]):
        unit = unit * layer["stride"] + layer["dilation"] * ((layer["kernel_size"] - 1) // 2)
    return unit


def as_layers(layers):
    """Dicts of kernel_size, stride and dilation, of layers that can be drawn."""
    name = "ReceptiveField"
    if not isinstance(layers, tuple | list):
        raise TypeError(f"{name}: layers must be a sequence such as [3, (2, 2)], got {layers!r}")
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise ValueError(f"{name}: layers must hold 1 to {MOST_LAYERS} layers, got {len(layers)}")
    layers = [as_layer(f"layers[{index}]", layer) for index, layer in enumerate(layers)]
    size = receptive_field(layers).size
    if size > MOST_POSITIONS:
        raise ValueError(
            f"{name}: a unit of the last of these layers sees {size} positions; at most {MOST_POSITIONS} can "
            "be drawn"
        )
    return layers


def as_layer(name, layer):
    match layer:
        case dict():
            fields = layer
        case (kernel_size, stride):
            fields = {"kernel_size": kernel_size, "stride": stride}
        case tuple() | list():
            fields = {}
        case _:
            fields = {"kernel_size": layer}
    try:
        fields = layer_of(**fields)
    except TypeError:  # a name that is not one of these, or no kernel_size
        raise ValueError(
            f"ReceptiveField: {name} must be a kernel_size, a pair (kernel_size, stride), or a dict with a "
            f"kernel_size and perhaps stride and dilation, got {layer!r}"
        ) from None
    for field, value in fields.items():
        check_integer("ReceptiveField", f"{field} of {name}", value)
        if not 1 <= value <= LARGEST[field]:
            raise ValueError(
                f"ReceptiveField: {field} of {name} must be from 1 to {LARGEST[field]}, got {value}"
            )
    return {field: int(value) for field, value in fields.items()}
