"""DilationStack: what a stack of dilated convolutions sees, counted, and what the usual rule says of it."""

import numpy as np
from traitlets import Int, List

from convlib.checks import as_integers
from convlib.explorers.explorer import Explorer, Range, View, html_table, setting
from convlib.shapes import coverage, hdc_accepts, receptive_field

MOST_LAYERS, LARGEST_RATE = 4, 9
KERNEL_SIZES = (2, 3, 5)
RATES = tuple(f"r{layer}" for layer in range(1, MOST_LAYERS + 1))
STACKS = ([1, 1, 1], [2, 2, 2], [1, 2, 5], [1, 2, 9], [2, 4, 8], [1, 3, 9], [9, 3, 1], [2, 3, 3])
PRESETS = {str(rates): rates for rates in STACKS}
CUSTOM = "custom"


class DilationStackView(View):
    code = "dilation_stack"

    preset = Int().tag(sync=True, setting=True)
    kernel_size = Int().tag(sync=True, setting=True)
    layers = Int(3).tag(sync=True, setting=True)
    r1 = Int(1).tag(sync=True, setting=True)
    r2 = Int(1).tag(sync=True, setting=True)
    r3 = Int(1).tag(sync=True, setting=True)
    r4 = Int(1).tag(sync=True, setting=True)
    # what preset and sliders said when they last agreed: it tells which of them has moved since
    dilations = List().tag(sync=True, setting=True)


class DilationStack(Explorer):
    """How many paths lead from each input position to one output of a stack of dilated convolutions.

    Parameters
    ----------
    dilations : sequence of int
        Dilation of each layer from the input to the output: 1 to 4 layers, rates from 1 to 9.
    kernel_size : {2, 3, 5}
        Taps along an axis, of all layers.
    controls : sequence of str
        Which controls are shown, of "preset", "kernel_size", "layers", "r1", "r2", "r3", "r4".

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong type or is out of range.

    Examples
    --------
    >>> stack = DilationStack([1, 2])
    >>> stack.result[0]
    array([1., 1., 2., 1., 2., 1., 1.], dtype=float32)
    >>> stack.dilations = [2, 2, 2]
    >>> stack
    <DilationStack: dilations [2, 2, 2] with k = 3 cover 49 of 169 positions (29 %)>
    """

    view_class = DilationStackView
    choices = {"preset": (*PRESETS, CUSTOM), "kernel_size": KERNEL_SIZES}  # noqa: RUF012

    preset = setting("preset", 'Name of the stack, its dilations as text, or "custom".')
    kernel_size = setting("kernel_size", "Taps along an axis, of all layers.")
    layers = setting("layers", "Number of layers.")
    dilations = setting("dilations", "Dilation of each layer, from the input to the output.")

    def __init__(
        self, dilations=(2, 2, 2), *, kernel_size=3, controls=("preset", "kernel_size", "layers", *RATES)
    ):
        settings = settings_of(dilations)
        spare = {name: settings["dilations"][-1] for name in RATES}  # of layers that are not there yet
        super().__init__(spare | settings | {"kernel_size": kernel_size}, controls)
        self.hide_unused_rates()

    def update(self, **changes):
        if "dilations" in changes:
            changes |= settings_of(changes["dilations"])
        super().update(**changes)
        self.hide_unused_rates()

    def hide_unused_rates(self):
        """The page does the same when its sliders move."""
        for name, control in self.controls:
            if name in RATES:
                used = RATES.index(name) < self.layers
                control.layout.display = None if used else "none"

    @staticmethod
    def compute(state):
        """How many paths lead to each position: along one axis, and in the plane. Exact: below 2**24."""
        counts = [coverage(state["dilations"], state["kernel_size"], axes) for axes in (1, 2)]
        return dict(zip(("row", "output"), (count.astype(np.float32) for count in counts)))

    @staticmethod
    def legal(state):
        """The nearest state in which preset, sliders and dilations agree; the one that has moved decides."""
        layers = min(max(state["layers"], 1), MOST_LAYERS)
        rates = [min(max(state[name], 1), LARGEST_RATE) for name in RATES]
        preset, dilations = state["preset"], state["dilations"]
        if preset != CUSTOM and PRESETS[preset] != dilations:
            dilations = PRESETS[preset]
            layers = len(dilations)
            rates[:layers] = dilations
        elif rates[:layers] != dilations:
            preset, dilations = CUSTOM, rates[:layers]
        named = dict(zip(RATES, rates))
        return state | named | {"preset": preset, "layers": layers, "dilations": list(dilations)}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider; no setting narrows another."""
        return {"layers": Range(1, MOST_LAYERS)} | {name: Range(1, LARGEST_RATE) for name in RATES}

    def check(self, state):
        # the sliders are judged as they are, before a preset that has moved changes them
        super().check(state | {"preset": CUSTOM})
        return self.legal(state)

    def describe(self):
        state = self.state
        covered = told(self.compute(state)["output"])
        return f"dilations {state['dilations']} with k = {state['kernel_size']} cover {covered}"

    def still(self):
        state = self.state
        dilations, k = state["dilations"], state["kernel_size"]
        size = receptive_field([{"kernel_size": k, "dilation": d} for d in dilations]).size
        holes = np.count_nonzero(self.result == 0)
        rule = ""
        if len(dilations) > 1:
            rule = f" The usual rule (HDC) {'accepts' if hdc_accepts(dilations, k) else 'refuses'} them."
        row = html_table(self.compute(state)["row"][np.newaxis], "Paths to each position along one axis")
        return (
            f"<p>Dilation stack: {self.describe()}. The receptive field has size {size} × {size}, "
            f"{holes or 'no'} {'hole' if holes == 1 else 'holes'}.{rule}</p>{row}"
        )


def settings_of(dilations):
    """The settings that make these the dilations of the stack."""
    name = "DilationStack"
    if not isinstance(dilations, tuple | list | np.ndarray):
        raise TypeError(f"{name}: dilations must be a sequence such as [1, 2, 5], got {dilations!r}")
    if not 1 <= len(dilations) <= MOST_LAYERS:
        raise ValueError(f"{name}: dilations must hold 1 to {MOST_LAYERS} layers, got {len(dilations)}")
    dilations = list(as_integers(name, "dilations", dilations, len(dilations), at_least=1))
    if max(dilations) > LARGEST_RATE:
        raise ValueError(f"{name}: dilations must be from 1 to {LARGEST_RATE}, got {max(dilations)}")
    preset = str(dilations) if str(dilations) in PRESETS else CUSTOM
    rates = dict(zip(RATES, dilations))
    return rates | {"preset": preset, "layers": len(dilations), "dilations": dilations}


def told(counts):
    """“49 of 169 positions (29 %)”; 100 % only where none is missing."""
    seen = np.count_nonzero(counts)
    percent = 100 if seen == counts.size else min(round(100 * seen / counts.size), 99)
    return f"{seen} of {counts.size} positions ({percent} %)"
