"""Exercises of the part "Beyond"."""

import numpy as np

from convlib import conv_transpose2d, convolve2d, correlate2d, max_pool2d, unfold
from convlib.layers import cross_entropy
from convlib.practice import Exercise


def draw_gradient(random):
    """The gradient for an output, and a kernel that no turn leaves as it was."""
    rows, columns, k = (int(size) for size in random.integers((4, 4, 2), (8, 8, 5)))
    return random.normal(size=(rows, columns)), random.normal(size=(k, k))


def draw_blurred(random):
    n, k = int(random.integers(6, 10)), int(random.integers(2, 5))
    picture, blurred = random.normal(size=(n, n)), random.normal(size=(n - k + 1, n - k + 1))
    return picture, blurred, random.normal(size=(k, k)), float(random.uniform(0.1, 1))


def one_step(picture, blurred, kernel, rate):
    error = correlate2d(picture, kernel) - blurred
    return picture - rate * convolve2d(error, kernel, padding=len(kernel) - 1)


def unturned_step(picture, blurred, kernel, rate):
    error = correlate2d(picture, kernel) - blurred
    return picture - rate * correlate2d(error, kernel, padding=len(kernel) - 1)


def draw_photo(random):
    return random.normal(size=random.integers(6, 10, size=2)), random.normal(size=(3, 3))


def draw_picture(random):
    return (random.uniform(0.5, 2) * random.normal(size=random.integers(6, 12, size=2)),)


def curvatures(picture):
    """From the flattest to the steepest, for the mean squared error of a 3 × 3 kernel."""
    windows = unfold(picture[None], 3)
    return np.linalg.eigvalsh(2 / windows.shape[1] * windows @ windows.T)


def draw_scores(random):
    count = int(random.integers(2, 6))
    return 3 * random.normal(size=(count, 10)), random.integers(0, 10, size=count)


def softmax(scores):
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


def draw_network_input(random):
    """A size at which both the missing padding and the floor of the pools show."""
    return (4 * int(random.integers(3, 12)) + int(random.integers(0, 2)),)


def draw_unit(random):
    """A unit of the loop over output channels and rows, of which there are no more than input channels."""
    c_in, c_out, kh, kw = (int(size) for size in random.integers((3, 2, 2, 2), (5, 4, 4, 4)))
    image = random.normal(size=(c_in, int(random.integers(5, 9)), int(random.integers(5, 9))))
    unit = int(random.integers(0, c_out * (image.shape[1] - kh + 1)))
    return unit, image, random.normal(size=(c_out, c_in, kh, kw))


def written_row(unit, image, weight, channels=slice(None)):
    o, y = divmod(unit, image.shape[1] - weight.shape[2] + 1)
    kernels = weight[o, channels]
    rows = image[channels, y : y + weight.shape[2]]
    return sum(correlate2d(rows[c], kernels[c])[0] for c in range(len(kernels)))


def racing_rows(unit, image, weight):
    c, y = divmod(unit, image.shape[1] - weight.shape[2] + 1)
    rows = image[c, y : y + weight.shape[2]]
    return np.stack([correlate2d(rows, kernel)[0] for kernel in weight[:, c]])


def draw_columns(random):
    """A layer in which the padding moves the size, and the last window does not end with the row."""
    channels, k, s = (int(size) for size in random.integers((2, 3, 2), (17, 8, 5)))
    n, p = int(random.integers(20, 60)), int(random.integers(s, s + 3))
    return channels, n + ((n + 2 * p - k) % s == 0), k, s, p


def columns_shape(channels, n, k, stride, padding):
    return channels * k * k, ((n + 2 * padding - k) // stride + 1) ** 2


def draw_way_back(random):
    """As many channels in as out, so that no shape betrays a swap."""
    channels, rows = (int(size) for size in random.integers((2, 2), (5, 6)))
    return random.normal(size=(channels, rows, rows)), random.normal(size=(channels, channels, 3, 3))


def draw_size_to_return_to(random):
    """A layer whose stride divides neither the padding nor twice the padding, nor twice the answer."""
    s = int(random.integers(3, 7))
    e, p = (int(random.choice([part for part in range(1, s) if 2 * part != s])) for _ in range(2))
    k = p + int(random.integers(1, 4))
    return s * int(random.integers(3, 12)) - 2 * p + k + e, k, s, p


def draw_winter(random):
    import dask.array as da  # only this exercise needs it

    chunk, *chunks = (int(size) for size in random.integers((3, 2, 2), (6, 4, 4)))
    shape = [chunk * count for count in chunks]
    return (da.from_array(random.uniform(-30, -1, size=shape), chunks=chunk),)


def warmest(temperatures):
    return max_pool2d(np.asarray(temperatures)[None], 3, stride=1, padding=1)[0]


def warmest_of_zeros(temperatures):
    return max_pool2d(np.pad(np.asarray(temperatures), 1)[None], 3, stride=1)[0]


def warmest_of_each(temperatures):
    return temperatures.map_blocks(warmest, dtype=float)


def draw_cut(random):
    half = int(random.integers(2, 7))
    return int(random.integers(20, 200)), 2 * half + 1, int(random.integers(1, half))


def rows_around(cut, above, below):
    return np.arange(cut - above, cut + below)


EXERCISES = {
    "backpropagation-bug": Exercise(
        draw=draw_gradient,
        solution=lambda grad_output, kernel: convolve2d(grad_output, kernel, padding=len(kernel) - 1),
        mistakes={
            "Which weight went with the first output, and which with the last?": lambda grad_output, kernel: (
                correlate2d(grad_output, kernel, padding=len(kernel) - 1)
            ),
            "Is the kernel turned along both axes?": lambda grad_output, kernel: correlate2d(
                grad_output, kernel[::-1], padding=len(kernel) - 1
            ),
            "Rows and columns have changed places: is that a turn by 180°?": lambda grad_output, kernel: (
                correlate2d(grad_output, kernel.T, padding=len(kernel) - 1)
            ),
            "How many rows has the input?": lambda grad_output, kernel: convolve2d(grad_output, kernel),
        },
        about="grad_output {0}, kernel {1}",
    ),
    "backpropagation-deblur": Exercise(
        draw=draw_blurred,
        solution=one_step,
        mistakes={
            "This walks uphill.": lambda picture, blurred, kernel, rate: one_step(
                picture, blurred, kernel, -rate
            ),
            "A box cannot show it: how does another kernel lie on the error?": unturned_step,
            "What is the slope of half a square?": lambda picture, blurred, kernel, rate: one_step(
                picture, blurred, kernel, 2 * rate
            ),
            "Is the loss a sum or a mean?": lambda picture, blurred, kernel, rate: one_step(
                picture, blurred, kernel, rate / blurred.size
            ),
        },
        about="picture {0}, blurred {1}, kernel {2}, rate {3}",
    ),
    "learning-a-kernel-bug": Exercise(
        draw=draw_photo,
        solution=correlate2d,
        mistakes={
            "At which pixel is the first window without padding centred?": lambda photo, kernel: correlate2d(
                photo, kernel, padding="same"
            )[:-2, :-2],
            "Now it is off to the other side.": lambda photo, kernel: correlate2d(
                photo, kernel, padding="same"
            )[2:, 2:],
            "And along the other axis?": lambda photo, kernel: correlate2d(photo, kernel, padding="same")[
                1:-1, :-2
            ],
            "`descend` slides without a flip.": lambda photo, kernel: convolve2d(photo, kernel),
        },
        about="photo {0}, kernel {1}",
    ),
    "learning-a-kernel-predict": Exercise(
        draw=draw_picture,
        solution=lambda picture: 2 / curvatures(picture)[-1],
        mistakes={
            "Which direction is the first to diverge?": lambda picture: 2 / curvatures(picture)[0],
            "With this rate the steep part is gone in one step: is that the largest?": lambda picture: (
                1 / curvatures(picture)[-1]
            ),
            "The loss is a mean: does H know it?": lambda picture: (
                2 / curvatures(picture)[-1] / unfold(picture[None], 3).shape[1]
            ),
            "What does the slope of a square bring into H?": lambda picture: 4 / curvatures(picture)[-1],
        },
        about="a picture {0}",
    ),
    "reading-digits-bug": Exercise(
        draw=draw_scores,
        solution=lambda scores, labels: cross_entropy(scores, labels)[0],
        mistakes={
            "How often is the softmax taken?": lambda scores, labels: cross_entropy(softmax(scores), labels)[
                0
            ],
            "Is it the mean over the batch?": lambda scores, labels: (
                len(labels) * cross_entropy(scores, labels)[0]
            ),
            "Can a loss be negative here?": lambda scores, labels: -cross_entropy(scores, labels)[0],
        },
        about="scores {0}, labels {1}",
    ),
    "reading-digits-paper": Exercise(
        draw=draw_network_input,
        solution=lambda n: 80 + 1168 + 16 * ((n - 2) // 4) ** 2 * 10 + 10,
        mistakes={
            "Which of the two convolutions has padding?": lambda n: 80 + 1168 + 16 * (n // 4) ** 2 * 10 + 10,
            "What becomes of a row that does not fill a window of the pool?": lambda n: (
                80 + 1168 + 16 * -(((2 - n) // 4) ** 2) * 10 + 10
            ),
            "Which layers have biases?": lambda n: 72 + 1152 + 16 * ((n - 2) // 4) ** 2 * 10,
            "A map has rows and columns.": lambda n: 80 + 1168 + 16 * ((n - 2) // 4) * 10 + 10,
        },
        about="n = {0}",
    ),
    "made-fast-bug": Exercise(
        draw=draw_unit,
        solution=written_row,
        mistakes={
            "This iteration writes a row of every output channel: which others write them too?": racing_rows,
            "Does a row begin anew with each input channel?": lambda unit, image, weight: written_row(
                unit, image, weight, slice(-1, None)
            ),
            "Which input channels does an output channel read?": lambda unit, image, weight: written_row(
                unit, image, weight, slice(0, 1)
            ),
        },
        about="unit {0}, image {1}, weight {2}",
    ),
    "made-fast-memory": Exercise(
        draw=draw_columns,
        solution=columns_shape,
        mistakes={
            "A kernel reaches through all channels.": lambda channels, n, k, s, p: columns_shape(
                1, n, k, s, p
            ),
            "The padding is on both sides.": lambda channels, n, k, s, p: (
                channels * k * k,
                ((n + p - k) // s + 1) ** 2,
            ),
            "There are windows side by side and windows below each other.": lambda channels, n, k, s, p: (
                channels * k * k,
                (n + 2 * p - k) // s + 1,
            ),
            "Does the last window fit?": lambda channels, n, k, s, p: (
                channels * k * k,
                (-((k - n - 2 * p) // s) + 1) ** 2,
            ),
        },
        about="channels = {0}, n = {1}, k = {2}, stride = {3}, padding = {4}",
    ),
    "transposed-convolution-bug": Exercise(
        draw=draw_way_back,
        solution=lambda y, weight: conv_transpose2d(y, weight, None, 2, 1, output_padding=1),
        mistakes={
            "Which layer's input is `y`, and which layer's output?": lambda y, weight: conv_transpose2d(
                y, weight.transpose(1, 0, 2, 3), None, 2, 1, output_padding=1
            ),
            "Who turns the kernel, you or the library?": lambda y, weight: conv_transpose2d(
                y, weight[..., ::-1, ::-1], None, 2, 1, output_padding=1
            ),
            "Two sizes lead to this output: which one had `x`?": lambda y, weight: conv_transpose2d(
                y, weight, None, 2, 1
            ),
        },
        about="y {0}, weight {1}",
    ),
    "transposed-convolution-predict": Exercise(
        draw=draw_size_to_return_to,
        solution=lambda n, k, s, p: (n + 2 * p - k) % s,
        mistakes={
            "What does the padding change?": lambda n, k, s, p: (n - k) % s,
            "The padding is on both sides.": lambda n, k, s, p: (n + p - k) % s,
            "These rows fill up the last window: how many has no window read?": lambda n, k, s, p: (
                (k - n - 2 * p) % s
            ),
        },
        about="n = {0}, k = {1}, s = {2}, p = {3}",
    ),
    "larger-than-memory-bug": Exercise(
        draw=draw_winter,
        solution=warmest,
        mistakes={
            "What fills the halo where the map ends?": warmest_of_zeros,
            "What does a window at a cut read?": warmest_of_each,
        },
        about="temperatures from −30 to −1, {0}",
    ),
    "larger-than-memory-predict": Exercise(
        draw=draw_cut,
        solution=lambda cut, k, depth: rows_around(cut, (k - 1) // 2 - depth, (k - 1) // 2 - depth),
        mistakes={
            "Only the lower chunk?": lambda cut, k, depth: rows_around(cut, 0, (k - 1) // 2 - depth),
            "How far beyond its own row does a window reach?": lambda cut, k, depth: rows_around(
                cut, k - 1 - depth, k - 1 - depth
            ),
            "The halo is there: what is still missing?": lambda cut, k, depth: rows_around(
                cut, (k - 1) // 2, (k - 1) // 2
            ),
            "Row `cut` is the first of the lower chunk.": lambda cut, k, depth: rows_around(
                cut, (k - 1) // 2 - depth, (k - 1) // 2 - depth + 1
            ),
        },
        about="cut = {0}, k = {1}, depth = {2}",
    ),
}
