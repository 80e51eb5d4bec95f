"""Groups: what a layer still reads, learns and computes when its channels are split into groups."""

import math
import statistics
from time import perf_counter

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import Explorer, Range, View, as_numbers, check_integer, setting
from convlib.functional import conv2d
from convlib.shapes import count_macs, count_parameters

CHANNELS = (3, 4, 6, 8, 12, 16, 24, 32, 64)
KERNEL_SIZES = (1, 3, 5)
SMALLEST_SIZE, LARGEST_SIZE = 8, 64
LARGEST_INPUT = 16
KEY_STEPS = (1, 5)  # how far an arrow key and a page key move a slider
SHORTEST_TIMING = 0.02  # seconds


class GroupsView(View):
    code = "groups"

    input = List().tag(sync=True, setting=True)  # the caller's own, or empty
    in_channels = Int().tag(sync=True, setting=True)
    out_channels = Int().tag(sync=True, setting=True)
    kernel_size = Int().tag(sync=True, setting=True)
    groups = Int(1).tag(sync=True, setting=True)
    channel = Int(0).tag(sync=True, setting=True)
    size = Int(LARGEST_SIZE).tag(sync=True, setting=True)
    # where the slider of groups last came to rest: it tells which way that has moved since
    settled = Int(1).tag(sync=True, setting=True)


class Groups(Explorer):
    """Which input channels each output channel reads, and what that costs in weights, multiply-adds and time.

    The layer keeps the image's size: its padding is (kernel_size − 1) / 2. Its numbers are small integers
    that repeat, so that every sum is exact.

    Parameters
    ----------
    in_channels, out_channels : {3, 4, 6, 8, 12, 16, 24, 32, 64}
        C_in and C_out; C_in is 64 by default, or that of ``input``.
    groups : int
        g; divides C_in and C_out. Each group of C_out / g kernels reads C_in / g channels.
    kernel_size : {1, 3, 5}
        Rows and columns of the kernels.
    size : int
        Rows and columns of the image, from 8 to 64.
    channel : int
        The output channel that is looked at; by default one after a third of them.
    input : array of shape (C_in, H, W), optional
        An image of your own, at most 16 × 16 × 16. It fixes C_in and the image's size.
    controls : sequence of str
        Which controls are shown, of "in_channels", "out_channels", "kernel_size", "groups", "channel" and
        "size". Those that ``input`` fixes are left out.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or is out of range, or ``groups`` does not divide both channel counts.

    Examples
    --------
    >>> Groups()
    <Groups: 64 to 64 channels in 4 groups, 3 × 3: 9,280 of 36,928 parameters>
    >>> Groups(in_channels=4, out_channels=8, groups=2).connected
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]], dtype=float32)
    """

    view_class = GroupsView
    choices = {"in_channels": CHANNELS, "out_channels": CHANNELS, "kernel_size": KERNEL_SIZES}  # noqa: RUF012
    arrays = ("input",)

    in_channels = setting("in_channels", "C_in.")
    out_channels = setting("out_channels", "C_out.")
    kernel_size = setting("kernel_size", "Rows and columns of the kernels.")
    groups = setting("groups", "Number of groups of channels that do not mix.")
    channel = setting("channel", "The output channel that is looked at.")
    size = setting("size", "Rows and columns of the image, unless it is your own.")

    def __init__(
        self,
        *,
        in_channels=None,
        out_channels=64,
        groups=4,
        kernel_size=3,
        size=32,
        channel=None,
        input=None,
        controls=("in_channels", "out_channels", "kernel_size", "groups", "channel"),
    ):
        input = as_input(input)
        if in_channels is None:
            in_channels = len(input) or 64
        if channel is None:
            channel = out_channels // 3 if out_channels in CHANNELS else 0
        state = {
            "input": input,
            "in_channels": in_channels,
            "out_channels": out_channels,
            "kernel_size": kernel_size,
            "groups": groups,
            "settled": groups,
            "channel": channel,
            "size": size,
        }
        if len(input):
            controls = [name for name in controls if name not in ("in_channels", "size")]
        super().__init__(state, controls)

    @property
    def input(self):
        """The image that is convolved, shape (C_in, H, W); None goes back to the explorer's own."""
        return operands(self.state)[0]

    @input.setter
    def input(self, value):
        self.update(input=value)

    @property
    def weight(self):
        """The kernels, shape (C_out, C_in / groups, kernel_size, kernel_size)."""
        return operands(self.state)[1]

    @property
    def bias(self):
        """What is added to each output channel, shape (C_out,)."""
        return operands(self.state)[2]

    @property
    def connected(self):
        """1 where an output channel, the row, reads an input channel, the column; shape (C_out, C_in)."""
        return self.compute(self.state)["connected"]

    def update(self, **changes):
        if "input" in changes:
            changes["input"] = as_input(changes["input"])
            changes.setdefault("in_channels", len(changes["input"]) or self.in_channels)
        super().update(**changes)

    def measure(self, rounds=5):
        """How long the layer takes on this machine, on all of Numba's threads.

        Parameters
        ----------
        rounds : int
            How often each is timed, in turns.

        Returns
        -------
        dict
            Milliseconds, the median of the rounds, for the layer's groups, for one group, and for one group
            per input channel if C_out allows that. No two calls agree exactly.
        """
        check_integer("Groups.measure", "rounds", rounds)
        if rounds < 1:
            raise ValueError(f"Groups.measure: rounds must be at least 1, got {rounds}")
        state = self.state
        layers = {groups: state | {"groups": groups} for groups in compared(state)}
        arrays = {groups: operands(layer) for groups, layer in layers.items()}
        for groups, layer in layers.items():
            convolve(layer, *arrays[groups])  # compiled now, if it was not yet
        times = {groups: [] for groups in layers}
        for _ in range(rounds):
            for groups, layer in layers.items():
                times[groups].append(milliseconds(layer, arrays[groups]))
        return {groups: statistics.median(taken) for groups, taken in times.items()}

    @staticmethod
    def compute(state):
        """Which channels are connected, and the output, as float32 arrays."""
        c_in, c_out, groups = (state[name] for name in ("in_channels", "out_channels", "groups"))
        # one image for each input channel, in which only that channel is not 0; and no weight is 0
        one_channel = np.eye(c_in, dtype=np.float32).reshape(c_in, c_in, 1, 1)
        ones = np.ones((c_out, c_in // groups, 1, 1), np.float32)
        response = conv2d(one_channel, ones, groups=groups)
        return {
            "connected": response.reshape(c_in, c_out).T.copy(),
            "output": convolve(state, *operands(state)),
        }

    @staticmethod
    def legal(state):
        """The nearest state whose groups divide both channel counts."""
        size = min(max(state["size"], SMALLEST_SIZE), LARGEST_SIZE)
        state = state | {"in_channels": len(state["input"]) or state["in_channels"], "size": size}
        groups = nearest_divisor(state["groups"], state["settled"], common_divisors(state))
        channel = min(max(state["channel"], 0), state["out_channels"] - 1)
        return state | {"groups": groups, "settled": groups, "channel": channel}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state; groups comes to rest only where it divides."""
        return {
            "groups": Range(1, common_divisors(state)[-1]),
            "channel": Range(0, state["out_channels"] - 1),
            "size": Range(SMALLEST_SIZE, LARGEST_SIZE),
        }

    def check(self, state):
        name = type(self).__name__
        c_in, c_out, own = state["in_channels"], state["out_channels"], len(state["input"])
        if own and c_in != own:
            raise ValueError(f"{name}: in_channels must be {own}, which the input has, got {c_in}")
        divisors = common_divisors(state)
        if state["groups"] not in divisors:
            raise ValueError(
                f"{name}: groups must divide in_channels {c_in} and out_channels {c_out}, so it must be one "
                f"of {', '.join(map(str, divisors))}; got {state['groups']}"
            )
        return self.legal(super().check(state))

    def describe(self):
        state = self.state
        groups = state["groups"]
        now, dense = (costs(state, of)["parameters"] for of in (groups, 1))
        return (
            f"{state['in_channels']} to {state['out_channels']} channels in "
            f"{groups} {'group' if groups == 1 else 'groups'}, {state['kernel_size']} × "
            f"{state['kernel_size']}: {now:,} of {dense:,} parameters"
        )

    def still(self):
        state = self.state
        groups = state["groups"]
        now, dense = costs(state, groups), costs(state, 1)
        rows = "".join(
            f"<tr><th>{name}</th><td>{written(now[name])}</td><td>{written(dense[name])}</td></tr>"
            for name in now
        )
        read, kernels = state["in_channels"] // groups, state["out_channels"] // groups
        return (
            f"<p>Groups: {self.describe()}. Each group of {kernels} kernels reads {read} input channels of "
            f'its own; nothing passes from one group to another.</p><table class="docutils">'
            f"<thead><tr><td></td><th>groups = {groups}</th><th>groups = 1</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def as_input(value):
    """The caller's own input, float32; empty for none."""
    if value is None:
        return np.empty(0, np.float32)
    input = as_numbers("Groups", "input", value, LARGEST_INPUT, axes=("channels", "rows", "columns"))
    if len(input) not in CHANNELS:
        numbers = ", ".join(str(count) for count in CHANNELS if count <= LARGEST_INPUT)
        raise ValueError(f"Groups: input must have one of {numbers} channels, got shape {input.shape}")
    return input


def common_divisors(state):
    c_in, c_out = state["in_channels"], state["out_channels"]
    return [g for g in range(1, min(c_in, c_out) + 1) if c_in % g == c_out % g == 0]


def nearest_divisor(groups, settled, divisors):
    """The divisor that a slider at ``groups`` comes to rest at; ``settled`` is where it did so before."""
    groups = min(max(groups, 1), divisors[-1])
    moved = groups - settled
    if groups in divisors:
        return groups
    if moved == 0:  # the channels have changed
        divisors = [d for d in divisors if d < groups]
    elif abs(moved) in KEY_STEPS:  # not back to where it was
        divisors = [d for d in divisors if (d - settled) * moved > 0]
    return min(divisors, key=lambda d: abs(d - groups))


def compared(state):
    """The groups whose times are compared: one, those of the state, and depthwise where that is legal."""
    c_in, c_out = state["in_channels"], state["out_channels"]
    return sorted({1, state["groups"]} | ({c_in} if c_out % c_in == 0 else set()))


def operands(state):
    """Input, weight and bias of the state's layer."""
    c_in, c_out, k, size = (state[name] for name in ("in_channels", "out_channels", "kernel_size", "size"))
    own = state["input"]
    input = own if len(own) else repeating(71, (c_in, size, size))
    return input, repeating(67, (c_out, c_in // state["groups"], k, k)), repeating(3, (c_out,))


def repeating(period, shape):
    """Whole numbers around 0 that repeat."""
    return (np.arange(math.prod(shape)) % period - period // 2).astype(np.float32).reshape(shape)


def convolve(state, input, weight, bias):
    return conv2d(input, weight, bias, padding=state["kernel_size"] // 2, groups=state["groups"])


def milliseconds(layer, arrays):
    """What one convolution takes, from as many as last long enough to be timed."""
    start, count, elapsed = perf_counter(), 0, 0
    while elapsed < SHORTEST_TIMING:
        convolve(layer, *arrays)
        count += 1
        elapsed = perf_counter() - start
    return 1e3 * elapsed / count


def costs(state, groups):
    """Shape of the weight and what it costs with so many groups."""
    c_in, c_out, k = state["in_channels"], state["out_channels"], state["kernel_size"]
    layer = c_in, c_out, (k, k)
    image = state["input"].shape[1:] or (state["size"],) * 2
    parameters = count_parameters(*layer, groups)
    weights = count_parameters(*layer, groups, bias=False)
    return {
        "weight shape": (c_out, c_in // groups, k, k),
        "weights": weights,
        "biases": parameters - weights,
        "parameters": parameters,
        "multiply-adds": count_macs(*layer, image, groups),
    }


def written(cost):
    return f"{cost:,}" if isinstance(cost, int) else str(cost)
