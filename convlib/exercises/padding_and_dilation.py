"""Exercises of the part "Padding and dilation"."""

import numpy as np

from convlib import functional, shapes
from convlib.practice import Exercise


def draw_kernel_size(random):
    """Mostly even sizes: there the mistakes show."""
    return (int(random.choice((2, 4, 6, 8, 10, 12, 3, 5))),)


def draw_stack(random):
    """An odd kernel from 5 on, and two layers or more."""
    return int(random.choice((5, 7, 9))), int(random.integers(2, 12))


def draw_kernel(random):
    k, d = (int(size) for size in random.integers(2, 5, size=2))
    return random.integers(1, 10, size=(k, k)), d


def draw_row(random):
    k, d = (int(size) for size in random.integers((3, 2), (6, 5)))
    n = (d + 1) * k + int(random.integers(1, 8))  # with the gap taken for the distance it still fits
    return random.normal(size=n), random.normal(size=k), d


def draw_strided(random):
    """Mostly sizes that the stride does not divide."""
    s = int(random.integers(3, 6))
    left = 0 if random.random() < 0.1 else int(random.integers(2, s))
    return s * int(random.integers(2, 9)) + left, left + int(random.choice((1, 3, 5))), s


def draw_image(random):
    """Rows that SAME pads with an odd number, and columns that it pads otherwise."""
    k, s = ((3, 2), (5, 2), (4, 3))[random.integers(3)]
    channels, rows, columns = (int(size) for size in random.integers((1, 2, 2), (3, 5, 5)))
    image = random.normal(size=(channels, s * rows, s * columns + 1))
    return image, random.normal(size=(2, channels, k, k)), s


def spread(kernel, d, size):
    wide = np.zeros((size, size), dtype=kernel.dtype)
    wide[::d, ::d] = kernel
    return wide


def spread_rows(kernel, d):
    wide = np.zeros((d * (len(kernel) - 1) + 1, len(kernel)), dtype=kernel.dtype)
    wide[::d] = kernel
    return wide


def dilated_row(row, kernel, d):
    span = d * (len(kernel) - 1) + 1
    return np.array([row[i : i + span : d] @ kernel for i in range(len(row) - span + 1)])


def halves(total):
    return total // 2, total - total // 2


def conv2d_same(image, weight, stride, sides=shapes.tensorflow_same_padding, rows_first=False):
    """``sides`` gives (before, after) of n, k and s."""
    rows, columns = (sides(n, k, stride) for n, k in zip(image.shape[-2:], weight.shape[-2:]))
    padding = (*rows, *columns) if rows_first else (*columns, *rows)
    return functional.conv2d(functional.pad(image, padding), weight, stride=stride)


EXERCISES = {
    "padding-bug": Exercise(
        draw=draw_kernel_size,
        solution=shapes.same_padding,
        mistakes={
            "One number stands for both sides: can both sides always be equal?": lambda k: k // 2,
            "Both sides together must be k − 1; what does an even k add too much?": lambda k: (
                k // 2,
                k // 2,
            ),
            "With k = 4, what do both sides add, and what was needed?": lambda k: (
                (k - 1) // 2,
                (k - 1) // 2,
            ),
            "The total is right; on which side does PyTorch put the odd one?": lambda k: (
                k // 2,
                (k - 1) // 2,
            ),
        },
        about="kernel_size = {0}",
    ),
    "padding-depth": Exercise(
        draw=draw_stack,
        solution=lambda k, layers: layers * (k - 1) // 2,
        mistakes={
            "One row a layer is right for 3 × 3: how far does a larger kernel look?": lambda k, layers: (
                layers
            ),
            "Is that one border, or both together?": lambda k, layers: layers * (k - 1),
            "Does a kernel look k // 2 rows further in the first layer only?": lambda k, layers: k // 2,
        },
        about="kernel_size = {0}, layers = {1}",
    ),
    "dilation-paper": Exercise(
        draw=draw_row,
        solution=dilated_row,
        mistakes={
            "Windows are missing at the end: does a gap follow the last tap?": lambda row, kernel, d: (
                dilated_row(row, kernel, d)[: 1 - d]
            ),
            "d is the distance from tap to tap, not the gap.": lambda row, kernel, d: dilated_row(
                row, kernel, d + 1
            ),
            "The kernel is not turned.": lambda row, kernel, d: dilated_row(row, kernel[::-1], d),
            "Do the windows begin d apart, or only the taps?": lambda row, kernel, d: dilated_row(
                row, kernel, d
            )[::d],
        },
        about="row {0}, kernel {1}, d = {2}",
    ),
    "dilation-bug": Exercise(
        draw=draw_kernel,
        solution=lambda kernel, d: spread(kernel, d, d * (len(kernel) - 1) + 1),
        mistakes={
            "How many steps of d lead from the first tap to the last?": lambda kernel, d: spread(
                kernel, d, d * len(kernel)
            ),
            "d is the distance from tap to tap; how many zeros lie between?": lambda kernel, d: spread(
                kernel, d + 1, (d + 1) * (len(kernel) - 1) + 1
            ),
            "The columns move apart too.": spread_rows,
        },
        about="kernel {0}, d = {1}",
    ),
    "dilation-fill": Exercise(
        draw=draw_kernel,
        solution=lambda kernel, d: np.kron(kernel, np.full((d, d), 1 / d**2)),
        mistakes={
            "A mean is a sum divided by what?": lambda kernel, d: np.kron(kernel, np.ones((d, d))),
            "Is a block put in place of each weight, or a kernel in place of each pixel?": (
                lambda kernel, d: np.kron(np.full((d, d), 1 / d**2), kernel)
            ),
            "A block has rows and columns: how many pixels is that?": lambda kernel, d: np.kron(
                kernel, np.full((d, d), 1 / d)
            ),
        },
        about="kernel {0}, d = {1}",
    ),
    "size-formula-bug": Exercise(
        draw=draw_strided,
        solution=shapes.tensorflow_same_padding,
        mistakes={
            "The last window begins after m − 1 strides; is that n − s for every n?": lambda n, k, s: halves(
                max(k - s, 0)
            ),
            "The total is right; on which side does the odd one go?": lambda n, k, s: (
                shapes.tensorflow_same_padding(n, k, s)[::-1]
            ),
            "k − 1 keeps the size at stride 1; what should SAME reach at a larger one?": lambda n, k, s: (
                halves(k - 1)
            ),
        },
        about="n = {0}, k = {1}, s = {2}",
    ),
    "size-formula-same": Exercise(
        draw=draw_image,
        solution=conv2d_same,
        mistakes={
            "pad wants the last axis first.": lambda image, weight, stride: conv2d_same(
                image, weight, stride, rows_first=True
            ),
            "Half a kernel on each side is PyTorch's habit; what does SAME add before the input?": (
                lambda *arguments: conv2d_same(*arguments, lambda n, k, s: (k // 2, k // 2))
            ),
            "On which side does the odd one go?": lambda *arguments: conv2d_same(
                *arguments, lambda n, k, s: shapes.tensorflow_same_padding(n, k, s)[::-1]
            ),
            "Rows and columns may need different amounts.": lambda image, weight, stride: conv2d_same(
                image, weight, stride, lambda n, k, s: shapes.tensorflow_same_padding(image.shape[-1], k, s)
            ),
        },
        about="image {0}, weight {1}, stride {2}",
    ),
}
