"""Exercises of the part "Convolution in networks"."""

import numpy as np

from convlib import functional, layouts, shapes
from convlib.practice import Exercise


def draw_maps(random):
    """Several maps and a kernel without symmetry."""
    channels, height, width, k = (
        int(size) for size in random.choice([[2, 6, 9, 3], [3, 8, 7, 3], [4, 7, 10, 5]])
    )
    return random.normal(size=(channels, height, width)), random.normal(size=(k, k))


def draw_keras_weight(random):
    return (random.normal(size=random.integers((2, 2, 2, 2), (6, 6, 5, 5))),)


def draw_matrix(random):
    """A matrix behind maps whose three axes differ."""
    height, width, channels = (int(size) for size in random.permutation((2, 3, 4)))
    answers = int(random.integers(2, 5))
    return random.normal(size=(answers, height * width * channels)), (height, width, channels)


def draw_stack(random):
    """Two layers or more, the first of them with a stride."""
    sizes, strides = random.integers(2, 6, size=5), random.integers(1, 4, size=5)
    strides[0] = random.integers(2, 4)
    return ([(int(k), int(s)) for k, s in zip(sizes, strides)][: int(random.integers(2, 6))],)


def draw_two_kernels(random):
    sizes = random.integers(2, 5, size=2)
    return *(random.normal(size=k) for k in sizes), int(random.integers(2, 4))


def draw_picture(random):
    """A picture and a pattern of 0 and 1, with an odd number of cells: never half and half."""
    pattern = random.integers(0, 2, size=(3, int(random.choice((3, 5)))))
    pattern[0, :2] = 1, 0
    return random.integers(0, 2, size=random.integers((6, 6), (10, 10))), pattern


def draw_hidden_pattern(random):
    """A picture that holds the pattern, off its diagonal, and a bright block at its upper left."""
    y, x = (int(place) for place in random.permutation((5, 8)))
    pattern = random.uniform(0, 1, size=(4, 3))
    picture = random.normal(0.5, 0.02, size=(15, 16))
    picture[:4, :3] = 3
    picture[y : y + 4, x : x + 3] = 3 * pattern
    return picture, pattern


def draw_kernel(random):
    k = int(random.integers(2, 5))
    return random.integers(1, 10, size=k), k + int(random.integers(2, 6))


def draw_example(random):
    kernel, row = (
        random.normal(size=int(random.integers(2, 5))),
        random.normal(size=int(random.integers(6, 10))),
    )
    return kernel, row, random.normal(size=len(row) - len(kernel) + 1)


def draw_batch(random):
    """Maps with an even number of rows and of columns."""
    batch, channels, height, width = (int(size) for size in random.integers((1, 1, 3, 3), (3, 4, 6, 6)))
    return (random.normal(size=(batch, channels, 2 * height, 2 * width)),)


def blur_each(maps, kernel, padding="same"):
    weight = np.tile(kernel, (len(maps), 1, 1, 1))
    return functional.conv2d(maps, weight, padding=padding, groups=len(maps))


def blur_all(maps, kernel, kernels):
    return functional.conv2d(maps, np.tile(kernel, (kernels, len(maps), 1, 1)), padding="same")


def field_when(after, counted):
    """A receptive field whose jump grows by ``after(jump, stride)``, with a first pixel or without."""

    def field(layers):
        size, jump = counted, 1
        for kernel_size, stride in layers:
            size += (kernel_size - 1) * jump
            jump = after(jump, stride)
        return size

    return field


def field_with_own_stride(layers):
    size, jump = 1, 1
    for kernel_size, stride in layers:
        jump *= stride
        size += (kernel_size - 1) * jump
    return size


def spread(kernel, stride):
    wide = np.zeros(stride * (len(kernel) - 1) + 1)
    wide[::stride] = kernel
    return wide


def find(picture, pattern, row_length=None):
    answers = functional.correlate2d(picture, pattern)
    y, x = divmod(int(answers.argmax()), row_length or answers.shape[1])
    return y, x


def answers(picture, pattern):
    return functional.correlate2d(picture, 2 * pattern - 1)


def balanced(pattern):
    return pattern - pattern.mean()


def matrix_of(kernel, n):
    return np.array([np.pad(kernel, (i, n - len(kernel) - i)) for i in range(n - len(kernel) + 1)])


def slopes_of(kernel, row, wanted):
    """Slopes of half the squared error: for each output, and for each tap."""
    of_outputs = np.correlate(row, kernel, "valid") - wanted
    return of_outputs, np.correlate(row, of_outputs, "valid")


def train_matrix(kernel, row, wanted):
    of_outputs, _ = slopes_of(kernel, row, wanted)
    return matrix_of(kernel, len(row)) - 0.01 * np.outer(of_outputs, row)


def blur(maps, stride):
    taps = np.outer([1, 2, 1], [1, 2, 1]) / 16
    one_each = np.tile(taps, (maps.shape[1], 1, 1, 1))
    ring = {"padding": 1, "padding_mode": "circular", "groups": maps.shape[1]}
    return functional.conv2d(maps, one_each, stride=stride, **ring)


def largest(maps, mode="circular"):
    """The largest number of each 2 × 2, at every position."""
    return functional.max_pool2d(functional.pad(maps, (0, 1, 0, 1), mode=mode), 2, stride=1)


EXERCISES = {
    "kernels-as-filters-bug": Exercise(
        draw=draw_maps,
        solution=blur_each,
        mistakes={
            "All maps come out alike: which maps does one kernel read?": lambda maps, kernel: blur_all(
                maps, kernel, len(maps)
            ),
            "One map comes back: how many kernels must there be?": lambda maps, kernel: blur_all(
                maps, kernel, 1
            ),
            "The maps are to keep their size.": lambda maps, kernel: blur_each(maps, kernel, 0),
            "The kernel is not turned.": lambda maps, kernel: blur_each(maps, kernel[::-1, ::-1]),
        },
        about="maps {0}, kernel {1}",
    ),
    "feature-maps-bug": Exercise(
        draw=draw_keras_weight,
        solution=layouts.weight_from_keras,
        mistakes={
            "Take a kernel of 2 × 5: how many rows does it have afterwards?": np.transpose,
            "Which axis counts the kernels, and where does PyTorch want it?": lambda weight: weight.transpose(
                2, 3, 0, 1
            ),
            "A new shape alone leaves the numbers in their old order.": lambda weight: weight.reshape(
                weight.shape[3], weight.shape[2], *weight.shape[:2]
            ),
        },
        about="a weight of shape (k_h, k_w, C_in, C_out), {0}",
    ),
    "feature-maps-flatten": Exercise(
        draw=draw_matrix,
        solution=lambda matrix, shape: layouts.to_channels_first(matrix.reshape(-1, *shape)).reshape(
            matrix.shape
        ),
        mistakes={
            "No column has moved: a new shape leaves the numbers in their order.": lambda matrix, _: matrix,
            "In which of the two orders does the matrix come to you?": lambda matrix, shape: (
                layouts.to_channels_last(matrix.reshape(-1, shape[2], *shape[:2])).reshape(matrix.shape)
            ),
            "The channels are in front, but what has become of rows and columns?": lambda matrix, shape: (
                matrix.reshape(-1, *shape).transpose(0, 3, 2, 1).reshape(matrix.shape)
            ),
        },
        about="matrix {0}, (H, W, C) = {1}",
    ),
    "stacking-layers-bug": Exercise(
        draw=draw_stack,
        solution=lambda layers: shapes.receptive_field(layers).size,
        mistakes={
            "A single layer of 3 × 3 sees three pixels, whatever its stride.": field_with_own_stride,
            "Behind a stride, how far apart are two neighbours of the map?": field_when(lambda jump, s: 1, 1),
            "Two strides of 3 put neighbours nine pixels apart.": field_when(lambda jump, s: jump + s, 1),
            "How much does a unit see without any layer?": field_when(lambda jump, s: jump * s, 0),
        },
        about="layers {0}",
    ),
    "stacking-layers-stride": Exercise(
        draw=draw_two_kernels,
        solution=lambda first, second, stride: np.convolve(first, spread(second, stride)),
        mistakes={
            "How far apart, in the input, do the taps of the second kernel lie?": lambda first, second, _: (
                np.convolve(first, second)
            ),
            "Which of the two layers reads a map whose neighbours lie apart?": lambda first, second, stride: (
                np.convolve(spread(first, stride), second)
            ),
            "One of the two kernels is turned.": lambda first, second, stride: np.convolve(
                first, spread(second, stride)[::-1]
            ),
        },
        about="first {0}, second {1}, stride {2}",
    ),
    "regions-predict": Exercise(
        draw=draw_picture,
        solution=lambda picture, pattern: answers(picture, pattern) + np.sum(pattern == 0),
        mistakes={
            "Cells agree as well where both are 0.": functional.correlate2d,
            "This is the kernel's answer: what must be added to it?": answers,
            "An empty region answers 0, and agrees in how many cells?": lambda picture, pattern: (
                answers(picture, pattern) + np.sum(pattern)
            ),
        },
        about="a picture {0}, the pattern {1}",
    ),
    "regions-bug": Exercise(
        draw=draw_hidden_pattern,
        solution=lambda picture, pattern: find(picture, balanced(pattern)),
        mistakes={
            "How long is a row of the map?": lambda picture, pattern: find(
                picture, balanced(pattern), picture.shape[1]
            ),
            "First the row, then the column.": lambda picture, pattern: find(picture, balanced(pattern))[
                ::-1
            ],
            "It finds what is bright: what must the weights sum to?": find,
        },
        about="a picture {0}, a pattern {1}",
    ),
    "weight-sharing-paper": Exercise(
        draw=draw_kernel,
        solution=matrix_of,
        mistakes={
            "Each output has a row, each input number a column.": lambda kernel, n: matrix_of(kernel, n).T,
            "The kernel is not turned.": lambda kernel, n: matrix_of(kernel[::-1], n),
            "Without padding, in how many places does the kernel fit?": lambda kernel, n: np.array(
                [np.roll(np.pad(kernel, (0, n - len(kernel))), i) for i in range(n)]
            ),
        },
        about="kernel {0}, n = {1}",
    ),
    "weight-sharing-bug": Exercise(
        draw=draw_example,
        solution=lambda *example: example[0] - 0.01 * slopes_of(*example)[1],
        mistakes={
            "A matrix comes back: which numbers is the layer allowed to change?": train_matrix,
            "Is the slope of a shared weight the sum over the positions, or their mean?": lambda *example: (
                example[0] - 0.01 * slopes_of(*example)[1] / len(example[2])
            ),
            "Does the error fall or grow with this step?": lambda *example: (
                example[0] + 0.01 * slopes_of(*example)[1]
            ),
            "Which input number lies under the first weight, at the first position?": lambda *example: (
                example[0] - 0.01 * slopes_of(*example)[1][::-1]
            ),
        },
        about="kernel {0}, row {1}, wanted {2}",
    ),
    "small_shifts-half": Exercise(
        draw=lambda random: (random.normal(size=random.integers((1, 3, 4), (4, 8, 9))),),
        solution=lambda maps: (maps + np.roll(maps, 1, axis=2)) / 2,
        mistakes={
            "It is the left neighbour that counts.": lambda maps: (maps + np.roll(maps, -1, axis=2)) / 2,
            "Which axis counts the columns?": lambda maps: (maps + np.roll(maps, 1, axis=1)) / 2,
            "A flat picture must stay as it is.": lambda maps: maps + np.roll(maps, 1, axis=2),
        },
        about="maps {0}",
    ),
    "small_shifts-bug": Exercise(
        draw=draw_batch,
        solution=lambda maps: blur(largest(maps), 2),
        mistakes={
            "What has been skipped before the blur begins?": lambda maps: blur(
                functional.max_pool2d(maps, 2), 1
            ),
            "The maximum after the blur is a pool without a blur again.": lambda maps: functional.max_pool2d(
                blur(maps, 1), 2
            ),
            "No number is skipped yet: where do the maps become smaller?": lambda maps: blur(
                largest(maps), 1
            ),
            "The ring is open: what lies to the right of the last column?": lambda maps: blur(
                largest(maps, "replicate"), 2
            ),
        },
        about="maps {0}",
    ),
}
