"""Exercises of the part "Convolution and pooling"."""

import numpy as np

from convlib import conv1d, conv2d, shapes
from convlib.practice import Exercise


def draw_weight(random):
    """A weight with as many kernels as channels or more, of oblong kernels."""
    channels, kh = (int(size) for size in random.integers(2, 5, size=2))
    return (random.normal(size=(channels + int(random.integers(0, 3)), channels, kh, kh + 1)),)


def draw_dice(random):
    return int(random.integers(1, 6)), int(random.integers(2, 9))


def several_dice(dice, faces):
    """In how many ways the sums come about, from the smallest one on."""
    ways = np.ones(1)
    for _ in range(dice):
        ways = np.convolve(ways, np.ones(faces))
    return ways


def draw_signal(random):
    """A signal with channels, and a weight of at least three taps."""
    n, c_in, c_out, k = (int(size) for size in random.integers((6, 1, 1, 3), (12, 4, 4, 6)))
    return random.normal(size=(c_in, n)), random.normal(size=(c_out, c_in, k))


def causal(signal, weight, zeros):
    return conv1d(np.pad(signal, ((0, 0), (zeros, 0))), weight)


def draw_tunes(random):
    """A spectrogram with a tune, once from the lowest pitch and up to three times from others; the tune."""
    leap = int(random.integers(2, 4))
    tune = np.zeros((leap + 2, 3), dtype=int)
    tune[[0, 1, leap + 1], [0, 1, 2]] = 1
    spectrogram = np.zeros((12, 30), dtype=int)
    for start in range(0, 7 * int(random.integers(2, 5)), 7):
        pitch = int(random.integers(1, 13 - len(tune))) if start else 0
        spectrogram[pitch : pitch + len(tune), start : start + 3] = tune
    return spectrogram, tune


def answers_to(spectrogram, tune):
    return conv2d(spectrogram[None], tune[None, None])[0]


def draw_rows(random):
    """Rows that whole windows fill about every second time."""
    k = int(random.integers(2, 5))
    n = k * int(random.integers(2, 5)) + int(random.integers(2)) * int(random.integers(1, k))
    return random.normal(size=(int(random.integers(2, 5)), n)), k


def pool_rows(rows, k, starts):
    return [[max(row[s : s + k]) for s in starts] for row in rows]


def draw_layer(random):
    return int(random.integers(2, 100)), 2 * int(random.integers(4, 40))


def cost(channels, size, kernel_channels=None, bias=True, stride=2):
    """What a convolution of 3 × 3 costs."""
    depth = kernel_channels or channels
    side = size // stride
    parameters = shapes.count_parameters(depth, channels, (3, 3), bias=bias)
    return parameters, shapes.count_macs(depth, channels, (3, 3), (side, side))


def draw_order(random):
    channels = int(random.integers(5, 9))
    return random.normal(size=(channels + 1, channels, 2, 3)), random.permutation(channels)


def draw_head(random):
    """The weight of a fully connected layer, and the shape of the maps that it reads."""
    outputs, channels, height = (int(size) for size in random.integers(2, 6, size=3))
    shape = channels, height, height + int(random.integers(0, 3))
    return random.normal(size=(outputs, int(np.prod(shape)))), shape


def laid_out_last(weight, shape):
    channels, height, width = shape
    return weight.reshape(-1, height, width, channels)


EXERCISES = {
    "mathematics-of-convolution-bug": Exercise(
        draw=draw_weight,
        solution=lambda weight: weight[..., ::-1, ::-1],
        mistakes={
            "Which axes does a slice without dots before it begin with?": lambda weight: weight[::-1, ::-1],
            "The channels keep their order.": lambda weight: weight[::-1, ::-1, ::-1, ::-1],
            "To reverse one axis is to mirror a kernel; what is a turn?": lambda weight: weight[..., ::-1, :],
            "The rows of a transposed kernel are columns; is that a turn?": lambda weight: weight.swapaxes(
                -1, -2
            ),
        },
        about="a weight, {0}",
    ),
    "mathematics-of-convolution-predict": Exercise(
        draw=draw_dice,
        solution=several_dice,
        mistakes={
            "For one die, nothing is convolved yet.": lambda dice, faces: several_dice(dice + 1, faces),
            "Count the ways; a probability is their number over that of all throws.": lambda dice, faces: (
                several_dice(dice, faces) / faces**dice
            ),
            "Which is the smallest sum, and where does it stand in your row?": lambda dice, faces: np.pad(
                several_dice(dice, faces), (dice, 0)
            ),
        },
        about="{0} dice with {1} faces",
    ),
    "one-two-three-dimensions-bug": Exercise(
        draw=draw_signal,
        solution=lambda signal, weight: causal(signal, weight, weight.shape[-1] - 1),
        mistakes={
            "Which of the outputs have read zeros that stand after the signal?": lambda signal, weight: (
                conv1d(signal, weight, padding=weight.shape[-1] - 1)[..., weight.shape[-1] - 1 :]
            ),
            "Half of the window still lies in the future.": lambda signal, weight: conv1d(
                signal, weight, padding="same"
            ),
            "The first outputs are missing: what do they read?": lambda signal, weight: conv1d(
                signal, weight
            ),
            "The present belongs to the window too, so fewer zeros are enough.": lambda signal, weight: (
                causal(signal, weight, weight.shape[-1])
            ),
        },
        about="a signal, {0}, and a weight, {1}",
    ),
    "one-two-three-dimensions-song": Exercise(
        draw=draw_tunes,
        solution=lambda spectrogram, tune: np.sum(answers_to(spectrogram, tune) == tune.sum()),
        mistakes={
            "The tune may begin at any pitch, so where must the window slide?": lambda spectrogram, tune: (
                np.sum(answers_to(spectrogram, tune)[0] == tune.sum())
            ),
            "Only the whole tune counts, not one of its notes.": lambda spectrogram, tune: np.sum(
                answers_to(spectrogram, tune) > 0
            ),
            "The tune is looked for as it stands, not turned.": lambda spectrogram, tune: np.sum(
                answers_to(spectrogram, tune[::-1, ::-1]) == tune.sum()
            ),
        },
        about="a spectrogram, {0}, and the tune {1}",
    ),
    "pooling-bug": Exercise(
        draw=draw_rows,
        solution=lambda rows, k: pool_rows(rows, k, range(0, len(rows[0]) - k + 1, k)),
        mistakes={
            "How many numbers does the last window hold?": lambda rows, k: pool_rows(
                rows, k, range(0, len(rows[0]), k)
            ),
            "Where whole windows fill the row, the last of them is missing.": lambda rows, k: pool_rows(
                rows, k, range(0, len(rows[0]) - k, k)
            ),
            "Side by side, windows share no number.": lambda rows, k: pool_rows(
                rows, k, range(len(rows[0]) - k + 1)
            ),
        },
        about="rows, {0}, and k = {1}",
    ),
    "pooling-stride": Exercise(
        draw=draw_layer,
        solution=cost,
        mistakes={
            "How deep is a kernel?": lambda channels, size: cost(channels, size, kernel_channels=1),
            "Each output channel has one number more than its kernel.": lambda channels, size: cost(
                channels, size, bias=False
            ),
            "At how many positions does a stride of 2 put the kernel?": lambda channels, size: cost(
                channels, size, stride=1
            ),
        },
        about="{0} channels, an input of {1} × {1}",
    ),
    "beside-fully-connected-predict": Exercise(
        draw=draw_order,
        solution=lambda weight, order: weight[:, order],
        mistakes={
            "The first axis counts the kernels; which one counts their slices?": lambda weight, order: weight[
                order
            ],
            "A slice must meet the map that it met before.": lambda weight, order: weight,
            "That undoes the order; the slices must follow it.": lambda weight, order: weight[
                :, np.argsort(order)
            ],
        },
        about="a weight, {0}, and the order {1}",
    ),
    "beside-fully-connected-bug": Exercise(
        draw=draw_head,
        solution=lambda weight, shape: laid_out_last(weight, shape).transpose(0, 3, 1, 2),
        mistakes={
            "Which numbers stand side by side in a row, a map's or a pixel's?": lambda weight, shape: (
                weight.reshape(-1, *shape)
            ),
            "conv2d wants the channels right behind the kernels.": laid_out_last,
            "The channels are in their place, but rows have become columns.": lambda weight, shape: (
                laid_out_last(weight, shape).swapaxes(1, 3)
            ),
        },
        about="a weight, {0}, for maps of the shape {1}",
    ),
}
