"""Exercises of the part "The convolution layer"."""

import itertools

import numpy as np

from convlib import conv2d, conv3d, correlate2d
from convlib.practice import Exercise


def in_turn(*draws):
    """A draw that takes these in turn: some mistakes show in one kind of input only."""
    turns = itertools.cycle(draws)
    return lambda random: next(turns)(random)


def whole(random, *bounds):
    """Random integers, each from the first to the last number of its bounds."""
    return [int(random.integers(low, high, endpoint=True)) for low, high in bounds]


# The sliding dot product


def draw_square(random):
    n, k = whole(random, (4, 8), (2, 4))
    return random.normal(size=(n, n)), random.normal(size=(k, k))


def slide_one_short(image, kernel):
    """As the book prints it."""
    n, k = len(image), len(kernel)
    output = np.zeros((n - k, n - k))
    for y in range(n - k):
        for x in range(n - k):
            output[y, x] = np.sum(image[y : y + k, x : x + k] * kernel)
    return output


def slide_matrices(image, kernel):
    k = len(kernel)
    windows = np.lib.stride_tricks.sliding_window_view(image, (k, k))
    return (windows @ kernel).sum(axis=(2, 3))


def draw_picture(random):
    return (random.normal(size=whole(random, (4, 9), (4, 9))),)


# Stride


def draw_row(random, last_window_ends_the_row):
    k, s, steps = whole(random, (2, 5), (2, 4), (5, 8))
    rest = 0 if last_window_ends_the_row else int(random.integers(1, s))
    return random.normal(size=k + s * steps + rest), random.normal(size=k), s


draw_rows = in_turn(lambda random: draw_row(random, True), lambda random: draw_row(random, False))


def convolve_until(end):
    """A convolution of a row whose windows begin before ``end(n, k, s)``."""

    def convolve(row, kernel, s):
        k, turned = len(kernel), kernel[::-1]
        starts = range(0, end(len(row), k, s), s)
        return [np.dot(row[start : start + k], turned) for start in starts if start + k <= len(row)]

    return convolve


# Output size


def draw_rest(random, low, high):
    """A layer with low(s) ≤ n + 2p − k ≤ high(s), where s ≤ p."""
    s = int(random.integers(2, 5))
    p = s + int(random.integers(0, 3))
    k = 2 * p + int(random.integers(13, 20))
    rest = int(random.integers(low(s), high(s), endpoint=True))
    return k + rest - 2 * p, k, s, p


draw_size = in_turn(
    lambda random: draw_rest(random, lambda s: 10, lambda s: 30),  # it fits
    lambda random: draw_rest(random, lambda s: 1 - s, lambda s: -1),  # too large, by less than a stride
    lambda random: draw_rest(random, lambda s: -3 * s, lambda s: -2 * s),  # much too large
    lambda random: draw_rest(random, lambda s: 0, lambda s: 0),  # it fits once
)


def draw_backwards(random):
    m, p = whole(random, (2, 20), (1, 3))
    s, k = p + int(random.integers(1, 4)), 2 * p + int(random.integers(1, 4))
    return m, k, s, p


def inputs_from(first, more=0):
    """The inputs from ``first(m, k, s, p)`` on, as many as the stride and ``more``."""

    def inputs(m, k, s, p):
        smallest = first(m, k, s, p)
        return list(range(smallest, smallest + s + more))

    return inputs


def draw_plan(random):
    """A size and three layers, drawn from last to first; at least two leave rows of their input unread."""
    size, plan = int(random.integers(5, 12)), []
    for unread_at_least in (0, 1, 1):
        p = int(random.integers(1, 4))
        s = p + int(random.integers(2, 4))
        k = int(random.integers(s, 8))
        unread = int(random.integers(unread_at_least, s - p))
        size = (size - 1) * s + k - 2 * p + p + unread
        plan.insert(0, (k, s, p))
    return size, plan


def unread_by(rows, places=lambda n, k, s, p: (n + 2 * p - k) // s + 1):
    """What each layer of a plan leaves unread: ``rows(n, k, s, p)``."""

    def unread(size, plan):
        found = []
        for k, s, p in plan:
            found.append(rows(size, k, s, p))
            size = places(size, k, s, p)
        return found

    return unread


def unread_rows(n, k, s, p):
    return max(0, (n + 2 * p - k) % s - p)


# Many channels


def draw_layer(random):
    c_in, c_out, height, width, kh, kw = whole(random, (2, 4), (1, 3), (4, 7), (4, 7), (2, 3), (2, 3))
    weight = random.normal(size=(c_out, c_in, kh, kw))
    return random.normal(size=(c_in, height, width)), weight, random.normal(size=c_out)


# The arguments of Conv2d


def draw_groups(random):
    groups, channels, height, width = whole(random, (2, 3), (2, 3), (5, 8), (5, 8))
    maps = random.normal(size=(groups * channels, height, width))
    return maps.astype(np.float32), groups


def sums(maps, groups=1, dilation=1):
    """What `Conv2d` makes of maps, with kernels of 3 × 3, all weights 1 and the size kept."""
    weight = np.ones((len(maps), len(maps) // groups, 3, 3), dtype=maps.dtype)
    return conv2d(maps, weight, None, 1, "same", dilation, groups)


def draw_changes(random):
    return tuple(int(random.choice(values)) for values in ((5, 7), (2, 4, 5), (2, 3), (2, 4, 8)))


# Three dimensions


def draw_video(random):
    frames, (height, width) = 3, whole(random, (4, 7), (4, 7))
    colour_frames = [random.normal(size=(3, height, width)) for _ in range(frames)]
    return colour_frames, random.normal(size=(2, 3, 2, 3, 3))


def draw_frames(random, last_window_ends_the_frames):
    kd, s, steps, height, width = whole(random, (2, 3), (2, 3), (2, 4), (1, 3), (1, 3))
    rest = 0 if last_window_ends_the_frames else int(random.integers(1, s))
    frames = random.normal(size=(kd + s * steps + rest, height, width))
    return frames, random.normal(size=(kd, height, width)), s


def along(frames, kernel, s, more=1):
    starts = range(0, len(frames) - len(kernel) + more, s)
    return [np.sum(frames[start : start + len(kernel)] * kernel) for start in starts]


EXERCISES = {
    "sliding-dot-product-predict": Exercise(
        draw=draw_picture,
        solution=lambda picture: picture[1:-1, 2:],
        mistakes={
            "Which pixel of its window does an output copy, and to which side does the picture move then?": (
                lambda picture: picture[1:-1, :-2]
            ),
            "The first index counts rows, the second columns.": lambda picture: picture[2:, 1:-1],
            "In how many places does a window of 3 rows fit?": lambda picture: picture[:, 1:],
        },
        about="picture {0}",
    ),
    "sliding-dot-product-bug": Exercise(
        draw=draw_square,
        solution=lambda image, kernel: correlate2d(image, kernel),
        mistakes={
            "In how many places does a window of 3 fit on a row of 3?": slide_one_short,
            "The kernel is not turned.": lambda image, kernel: correlate2d(image, kernel[::-1, ::-1]),
            "The dot product is of numbers in the same place; what does @ do?": slide_matrices,
        },
        about="image {0}, kernel {1}",
    ),
    "stride-predict": Exercise(
        draw=lambda random: (int(random.integers(3, 30)),),
        solution=lambda k: [(k // s, -(-k // s)) for s in range(1, k + 2)],
        mistakes={
            "Nobody reads a number half a time.": lambda k: [(k / s, k / s) for s in range(1, k + 2)],
            "What if the stride does not divide the kernel?": lambda k: [
                (k // s, k // s) for s in range(1, k + 2)
            ],
            "What if the stride divides the kernel?": lambda k: [
                (k // s, k // s + 1) for s in range(1, k + 2)
            ],
        },
        about="k = {0}",
    ),
    "stride-bug": Exercise(
        draw=draw_rows,
        solution=lambda row, kernel, s: np.convolve(row, kernel, "valid")[::s],
        mistakes={
            "The end of the range is a position in the row; the stride is in it twice.": convolve_until(
                lambda n, k, s: n // s
            ),
            "A range leaves out its end: where may the last window begin?": convolve_until(
                lambda n, k, s: n - k
            ),
            "The kernel is to be turned.": lambda row, kernel, s: np.correlate(row, kernel, "valid")[::s],
        },
        about="row {0}, kernel {1}, s = {2}",
    ),
    "output-size-inputs": Exercise(
        draw=draw_backwards,
        solution=inputs_from(lambda m, k, s, p: (m - 1) * s + k - 2 * p),
        mistakes={
            "Which remainders does the floor take away?": lambda m, k, s, p: [(m - 1) * s + k - 2 * p],
            "Between m windows there are fewer than m steps.": inputs_from(
                lambda m, k, s, p: m * s + k - 2 * p
            ),
            "The padding is on both sides.": inputs_from(lambda m, k, s, p: (m - 1) * s + k - p),
            "With the largest of these, is there not room for one more step?": inputs_from(
                lambda m, k, s, p: (m - 1) * s + k - 2 * p, more=1
            ),
        },
        about="m = {0}, k = {1}, s = {2}, p = {3}",
    ),
    "output-size-bug": Exercise(
        draw=draw_size,
        solution=lambda n, k, s, p: max(0, (n + 2 * p - k) // s + 1),
        mistakes={
            "int cuts towards zero: what is int(-0.5), and what is -1 // 2?": (
                lambda n, k, s, p: int((n + 2 * p - k) / s) + 1
            ),
            "int still cuts towards zero, and a window that is almost small enough is let in.": (
                lambda n, k, s, p: max(0, int((n + 2 * p - k) / s) + 1)
            ),
            "An output has at least 0 rows, however large the window is.": lambda n, k, s, p: (
                (n + 2 * p - k) // s + 1
            ),
            "The padding is on both sides.": lambda n, k, s, p: max(0, (n + p - k) // s + 1),
        },
        about="n = {0}, k = {1}, s = {2}, p = {3}",
    ),
    "output-size-design": Exercise(
        draw=draw_plan,
        solution=unread_by(unread_rows),
        mistakes={
            "The last rows of the padded input are padding, not input.": unread_by(
                lambda n, k, s, p: (n + 2 * p - k) % s
            ),
            "The padding is on both sides.": unread_by(lambda n, k, s, p: max(0, (n + p - k) % s - p)),
            "How many rows does the next layer read? The first window takes no step.": unread_by(
                unread_rows, places=lambda n, k, s, p: (n + 2 * p - k) // s
            ),
        },
        about="size {0}, plan {1}",
    ),
    "many-channels-count": Exercise(
        draw=lambda random: tuple(whole(random, (2, 64), (2, 64), (2, 7))),
        solution=lambda c_in, c_out, k: c_out * (c_in * k * k + 1),
        mistakes={
            "Through how many channels does one kernel reach?": lambda c_in, c_out, k: c_out * (k * k + 1),
            "What is added to each map, besides the products?": lambda c_in, c_out, k: c_out * c_in * k * k,
            "How many biases does one map have?": lambda c_in, c_out, k: c_out * c_in * (k * k + 1),
        },
        about="{0} channels to {1}, kernel {2} × {2}",
    ),
    "many-channels-bug": Exercise(
        draw=draw_layer,
        solution=lambda input, weight, bias: conv2d(input, weight, bias),
        mistakes={
            "How often is the bias added to one output?": lambda input, weight, bias: conv2d(
                input, weight, len(input) * bias
            ),
            "Where is the bias?": lambda input, weight, bias: conv2d(input, weight),
            "Only one channel is read.": lambda input, weight, bias: conv2d(input[:1], weight[:, :1], bias),
            "The kernels are not turned.": lambda input, weight, bias: conv2d(
                input, weight[..., ::-1, ::-1], bias
            ),
        },
        about="input {0}, weight {1}, bias {2}",
    ),
    "conv2d-arguments-predict": Exercise(
        draw=draw_changes,
        solution=lambda k, s, d, g: k * k / 9 / s**2 / g,
        mistakes={
            "A kernel has rows and columns.": lambda k, s, d, g: k / 3 / s**2 / g,
            "The stride thins out rows and columns.": lambda k, s, d, g: k * k / 9 / s / g,
            "How many weights does a kernel with dilation have?": (
                lambda k, s, d, g: (d * (k - 1) + 1) ** 2 / 9 / s**2 / g
            ),
            "With two groups a kernel reads half the channels; how many kernels are there?": (
                lambda k, s, d, g: k * k / 9 / s**2 / g**2
            ),
        },
        about="k = {0}, s = {1}, d = {2}, g = {3}",
    ),
    "conv2d-arguments-bug": Exercise(
        draw=draw_groups,
        solution=lambda maps, groups: sums(maps, groups),
        mistakes={
            "Which argument does the number of groups arrive at?": lambda maps, groups: sums(
                maps, dilation=groups
            ),
            "How many maps does one output of a grouped layer see?": lambda maps, groups: sums(maps),
            "A group has more than one map here.": lambda maps, groups: sums(maps, len(maps)),
        },
        about="maps {0}, groups = {1}",
    ),
    "three-dimensions-paper": Exercise(
        draw=in_turn(lambda random: draw_frames(random, True), lambda random: draw_frames(random, False)),
        solution=along,
        mistakes={
            "A range leaves out its end: where may the last window begin?": (
                lambda frames, kernel, s: along(frames, kernel, s, more=0)
            ),
            "The first slice of the kernel meets the earlier frame.": (
                lambda frames, kernel, s: along(frames, kernel[::-1], s)
            ),
            "By how many frames does the window move?": lambda frames, kernel, s: along(frames, kernel, 1),
        },
        about="frames {0}, kernel {1}, s = {2}",
    ),
    "three-dimensions-bug": Exercise(
        draw=draw_video,
        solution=lambda colour_frames, weight: conv3d(np.stack(colour_frames, axis=1), weight),
        mistakes={
            "Along which axis does conv3d slide, and which one does it sum over?": (
                lambda colour_frames, weight: conv3d(np.stack(colour_frames), weight)
            ),
            "The frames stand right behind the channels.": (
                lambda colour_frames, weight: conv3d(np.stack(colour_frames, axis=2), weight)
            ),
        },
        about="three frames, weight {1}",
    ),
}
