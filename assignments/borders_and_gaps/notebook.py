# %% [markdown]
# # Borders and gaps
#
# Six questions by program and one in words, on the chapters *Padding*, *Dilation* and *The size formula*.
# They take about 110 minutes.
#
# Below each answer stands a cell that tests it. What you can read there are examples; behind it, more
# tests run on fresh random inputs when your work is graded: other sizes, one element only, unequal sides,
# rectangles, several channels. A cell that you have not answered stops "Run all". That is meant.
#
# You may use NumPy, but not `np.pad`, no ready-made convolution and nothing of convlib, except where a
# question names it. Answers are given back as numbers, tuples, lists or arrays.
#
# Words, as in the book: padding is counted per side, and dilation is the distance from one tap of the
# kernel to the next, so that 1 is an ordinary kernel.

# %% setup="tools"
import numpy as np

from convlib import reference
from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"

# %% [markdown]
# Type your student number or name, as your instructor told you. Some numbers below are yours alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
def draw(random):
    """The numbers of question 1."""
    s = random.randrange(2, 4)
    k = random.randrange(4 * s + 1, 4 * s + 6, 2)
    d = random.randrange(2 * s + 1, 3 * s + 1)
    p = random.randrange(3 * s, 4 * s)
    n = d * (k - 1) + random.randrange(40, 120)
    while (n + 2 * p - d * (k - 1)) % s != 0:
        n += 1
    return {"n": n, "k": k, "s": s, "p": p, "d": d}


mine = variant(f"{COURSE}, borders_and_gaps", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 Sizes
#
# An axis of `mine["n"]` elements is padded by `mine["p"]` on each side. A kernel of `mine["k"]` taps with
# dilation `mine["d"]` moves over it with stride `mine["s"]`.
#
# - `output`: how long is the output?
# - `keep`: the stride is now 1. How much padding on each side keeps the size?
#
# Give two integers, typed or computed.

# %% answer="sizes"
### BEGIN SOLUTION
output = (mine["n"] + 2 * mine["p"] - mine["d"] * (mine["k"] - 1) - 1) // mine["s"] + 1
keep = mine["d"] * (mine["k"] - 1) // 2
### END SOLUTION

# %% test="sizes-output" points=2
assert output > 0, "there is at least one output"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, borders_and_gaps", Path.cwd().parent.name, draw)
n, k, s, p, d = (theirs[name] for name in "nkspd")
expect(
    output,
    (n + 2 * p - d * (k - 1) - 1) // s + 1,
    f"output for n = {n}, k = {k}, s = {s}, p = {p}, d = {d}",
    {
        "Is the padding on both sides?": (n + p - d * (k - 1) - 1) // s + 1,
        "How far do the taps reach?": (n + 2 * p - k) // s + 1,
        "Does a gap follow the last tap?": (n + 2 * p - d * k) // s + 1,
        "Is d the distance or the gap?": (n + 2 * p - (d + 1) * (k - 1) - 1) // s + 1,
        "Does the first tap take an element itself? Is it rounded down?": (n + 2 * p - d * (k - 1)) // s + 1,
        "Is the first place of the window counted?": (n + 2 * p - d * (k - 1) - 1) // s,
    },
)
### END HIDDEN TESTS

# %% test="sizes-keep" points=2
assert keep >= 0, "a number of elements"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, borders_and_gaps", Path.cwd().parent.name, draw)
k, d = theirs["k"], theirs["d"]
expect(
    keep,
    d * (k - 1) // 2,
    f"keep for k = {k}, d = {d}",
    {
        "Is that one side, or both together?": d * (k - 1),
        "That is right for dilation 1.": (k - 1) // 2,
        "That is right for a kernel of 3.": d,
        "Does a gap follow the last tap?": d * k // 2,
    },
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 Borders
#
# Write two functions.
#
# `sources(n, before, after, mode)` says where padding takes its numbers from. An axis of `n` elements
# gets `before` elements in front and `after` behind. The result is a list of `before + n + after`
# integers: for each position of the padded axis the index (0 to n − 1) of the element that stands there,
# or −1 where a zero is filled in. There are five modes:
#
# - `"zeros"`: zeros are filled in;
# - `"replicate"`: the border element, as often as needed;
# - `"reflect"`: a mirror in the middle of the border element, which is not repeated; `before` and `after`
#   are at most n − 1;
# - `"symmetric"`: a mirror on the outer border line, so the border element is repeated once; at most n;
# - `"circular"`: the axis goes on at its other end; at most n.
#
# `pad_image(image, sides, mode)` pads an image of shape `(C, H, W)`. `sides` are four integers in the
# order left, right, top, bottom. The result has the shape `(C, top + H + bottom, left + W + right)`. It
# may call `sources`.


# %% answer="borders"
def sources(n, before, after, mode):
    """The index of the element at each position of a padded axis; −1 for a zero."""
    ### BEGIN SOLUTION
    result = []
    for i in range(-before, n + after):
        if 0 <= i < n:
            result.append(i)
        elif mode == "zeros":
            result.append(-1)
        elif mode == "replicate":
            result.append(0 if i < 0 else n - 1)
        elif mode == "reflect":
            result.append(-i if i < 0 else 2 * (n - 1) - i)
        elif mode == "symmetric":
            result.append(-1 - i if i < 0 else 2 * n - 1 - i)
        else:
            result.append(i % n)
    return result
    ### END SOLUTION


def pad_image(image, sides, mode):
    """The image with its ring."""
    ### BEGIN SOLUTION
    left, right, top, bottom = sides
    rows = sources(image.shape[1], top, bottom, mode)
    columns = sources(image.shape[2], left, right, mode)
    result = np.zeros((len(image), len(rows), len(columns)), image.dtype)
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            if row >= 0 and column >= 0:
                result[:, y, x] = image[:, row, column]
    return result
    ### END SOLUTION


# %% test="borders-outside" points=2
expect(sources(4, 2, 1, "zeros"), [-1, -1, 0, 1, 2, 3, -1], "zeros")
expect(sources(4, 2, 1, "replicate"), [0, 0, 0, 1, 2, 3, 3], "replicate")
### BEGIN HIDDEN TESTS
random = fresh_random()
for n in (1, *random.integers(2, 9, size=2).tolist()):
    before, after = (int(size) for size in random.integers(1, 12, size=2))
    about = f"n = {n}, {before} before, {after} after"
    zeros = [-1] * before + list(range(n)) + [-1] * after
    expect(sources(n, before, after, "zeros"), zeros, f"zeros, {about}")
    replicate = [0] * before + list(range(n)) + [n - 1] * after
    expect(sources(n, before, after, "replicate"), replicate, f"replicate, {about}")
expect(sources(3, 0, 0, "replicate"), [0, 1, 2], "no padding")
### END HIDDEN TESTS

# %% test="borders-copies" points=2
expect(sources(4, 2, 2, "reflect"), [2, 1, 0, 1, 2, 3, 2, 1], "reflect")
expect(sources(4, 2, 2, "symmetric"), [1, 0, 0, 1, 2, 3, 3, 2], "symmetric")
expect(sources(4, 2, 2, "circular"), [2, 3, 0, 1, 2, 3, 0, 1], "circular")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for n in random.integers(3, 10, size=3).tolist():
    axis = np.arange(n)
    for mode, most in (("reflect", n - 1), ("circular", n)):
        before, after = int(random.integers(1, most + 1)), most
        right = convlib.pad(axis, (before, after), mode)
        expect(sources(n, before, after, mode), right, f"{mode}, n = {n}, {before} before, {after} after")
    before, after = n, int(random.integers(1, n + 1))
    right = np.pad(axis, (before, after), mode="symmetric")
    about = f"symmetric, n = {n}, {before} before, {after} after"
    expect(sources(n, before, after, "symmetric"), right, about)
expect(sources(1, 1, 1, "circular"), [0, 0, 0], "circular, one element")
### END HIDDEN TESTS

# %% test="borders-image" points=2
four = np.array([[[1, 2], [3, 4]]])
ringed = [[[0, 1, 2, 0, 0], [0, 3, 4, 0, 0], [0, 0, 0, 0, 0]]]
expect(pad_image(four, (1, 2, 0, 1), "zeros"), ringed, "1 left, 2 right, 1 at the bottom")
### BEGIN HIDDEN TESTS
random = fresh_random()
names = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
for mode in ("zeros", "replicate", "reflect", "symmetric", "circular"):
    height, width = (int(size) for size in random.integers(4, 8, size=2))
    image = random.normal(size=(int(random.integers(2, 4)), height, width))
    sides = left, right, top, bottom = tuple(int(size) for size in random.permutation(4))
    pads = [((0, 0), (top, bottom), (left, right)), ((0, 0), (left, right), (top, bottom))]
    true, swapped = (np.pad(image, pad, mode=names.get(mode, mode)) for pad in pads)
    about = f"{mode}, an image of {height} × {width}, sides {sides}"
    expect(pad_image(image, sides, mode), true, about, {"Left and right come first.": swapped})
row = random.normal(size=(3, 1, 5))
true = np.pad(row, ((0, 0), (2, 1), (0, 4)), mode="edge")
expect(pad_image(row, (0, 4, 2, 1), "replicate"), true, "replicate, one row, sides (0, 4, 2, 1)")
### END HIDDEN TESTS

# %% [markdown]
# ## 3 Counts
#
# Write `read_counts(n, k, stride, padding, dilation)` for one axis. `n` elements are padded by `padding`
# zeros on each side. A kernel of `k` taps goes over them. The result is a list of `n` integers: how often
# each element of the input is read by a tap, by all windows together. The zeros are not counted. An
# element in a gap is not read. The window always fits.


# %% answer="counts"
def read_counts(n, k, stride, padding, dilation):
    """How often each element of an axis is read."""
    ### BEGIN SOLUTION
    counts = [0] * n
    outputs = (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    for place in range(outputs):
        for tap in range(k):
            element = place * stride + tap * dilation - padding
            if 0 <= element < n:
                counts[element] += 1
    return counts
    ### END SOLUTION


# %% test="counts-windows" points=2
expect(read_counts(5, 3, 1, 0, 1), [1, 2, 3, 2, 1], "5 elements, 3 taps")
expect(read_counts(5, 3, 1, 1, 1), [2, 3, 3, 3, 2], "5 elements, 3 taps, padding 1")
### BEGIN HIDDEN TESTS
random = fresh_random()
for padding in (0, 1, 2, 3):
    k = int(random.integers(padding + 1, 7))
    n = int(random.integers(k + 2, 16))
    read = np.add.outer(np.arange(n + 2 * padding - k + 1), np.arange(k)) - padding
    right = [int(np.sum(read == i)) for i in range(n)]
    expect(read_counts(n, k, 1, padding, 1), right, f"{n} elements, {k} taps, padding {padding}")
expect(read_counts(1, 3, 1, 1, 1), [1], "one element, 3 taps, padding 1")
### END HIDDEN TESTS

# %% test="counts-gaps" points=2
expect(read_counts(7, 3, 1, 0, 2), [1, 1, 2, 1, 2, 1, 1], "7 elements, 3 taps, dilation 2")
expect(read_counts(6, 2, 3, 0, 1), [1, 1, 0, 1, 1, 0], "6 elements, 2 taps, stride 3")
### BEGIN HIDDEN TESTS
random = fresh_random()
for stride, dilation in ((1, 2), (1, 3), (2, 1), (3, 1), (2, 3), (3, 2)):
    k, padding = int(random.integers(2, 5)), int(random.integers(0, 4))
    n = dilation * k + stride + int(random.integers(1, 8))
    outputs = (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    read = np.add.outer(stride * np.arange(outputs), dilation * np.arange(k)) - padding
    right = [int(np.sum(read == i)) for i in range(n)]
    about = f"{n} elements, {k} taps, stride {stride}, padding {padding}, dilation {dilation}"
    expect(read_counts(n, k, stride, padding, dilation), right, about)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 Same
#
# Write two functions for one axis. Both give back a pair (before, after): how many elements are added on
# the two sides.
#
# - `pytorch_same(k, dilation)`: PyTorch's `"same"`, which keeps the size at stride 1.
# - `tensorflow_same(n, k, stride, dilation)`: TensorFlow's `SAME`, which adds as little as gives n /
#   stride outputs, rounded up. If nothing is missing, it adds nothing.
#
# Where the total is odd, the odd element goes after.


# %% answer="same"
def pytorch_same(k, dilation):
    """(before, after) of PyTorch's "same"."""
    ### BEGIN SOLUTION
    total = dilation * (k - 1)
    return total // 2, total - total // 2
    ### END SOLUTION


def tensorflow_same(n, k, stride, dilation):
    """(before, after) of TensorFlow's SAME."""
    ### BEGIN SOLUTION
    outputs = -(-n // stride)
    missing = max((outputs - 1) * stride + dilation * (k - 1) + 1 - n, 0)
    return missing // 2, missing - missing // 2
    ### END SOLUTION


# %% test="same-pytorch" points=1
expect(pytorch_same(3, 1), (1, 1), "3 taps")
expect(pytorch_same(4, 1), (1, 2), "4 taps")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
for dilation in (2, 3, 4, 5):
    for k in (1, 2 * int(random.integers(1, 6)), 2 * int(random.integers(1, 6)) + 1):
        about = f"{k} taps, dilation {dilation}"
        hints = {"How far do the taps reach?": shapes.same_padding(k)}
        expect(pytorch_same(k, dilation), shapes.same_padding(k, dilation), about, hints)
### END HIDDEN TESTS

# %% test="same-tensorflow" points=3
expect(tensorflow_same(8, 3, 2, 1), (0, 1), "8 elements, 3 taps, stride 2")
expect(tensorflow_same(9, 3, 2, 1), (1, 1), "9 elements, 3 taps, stride 2")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
asked = [(8, 1, 2, 1), (1, 4, 3, 2), (7, 3, 1, 2), (6, 2, 3, 1)]
for stride in (2, 3, 4):
    for left in range(stride):
        n = stride * int(random.integers(2, 9)) + left
        asked.append((n, int(random.integers(3, 9)), stride, int(random.integers(2, 5))))
for n, k, stride, dilation in asked:
    about = f"{n} elements, {k} taps, stride {stride}, dilation {dilation}"
    hints = {
        "Does the size of the input matter?": shapes.tensorflow_same_padding(stride, k, stride, dilation),
        "How far do the taps reach?": shapes.tensorflow_same_padding(n, k, stride),
        "On which side does the odd one go?": shapes.tensorflow_same_padding(n, k, stride, dilation)[::-1],
        "That is what keeps the size at stride 1.": shapes.same_padding(k, dilation),
    }
    right = shapes.tensorflow_same_padding(n, k, stride, dilation)
    expect(tensorflow_same(n, k, stride, dilation), right, about, hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 A dilated convolution in loops
#
# Write `dilated2d(image, weight, dilation)` with loops. `image` has the shape `(C_in, H, W)`, `weight`
# `(C_out, C_in, KH, KW)`. `dilation` is a pair: from one tap to the next it is `dilation[0]` rows down
# and `dilation[1]` columns to the right. Stride 1, no padding, no bias. The kernel is not turned. The
# result has the shape `(C_out, OH, OW)`.


# %% answer="dilated"
def dilated2d(image, weight, dilation):
    """The dilated convolution of an image."""
    ### BEGIN SOLUTION
    dy, dx = dilation
    c_out, _, kh, kw = weight.shape
    span_y, span_x = dy * (kh - 1) + 1, dx * (kw - 1) + 1
    result = np.zeros((c_out, image.shape[1] - span_y + 1, image.shape[2] - span_x + 1))
    for o, y, x in np.ndindex(result.shape):
        window = image[:, y : y + span_y : dy, x : x + span_x : dx]
        result[o, y, x] = np.sum(window * weight[o])
    return result
    ### END SOLUTION


# %% test="dilated-one" points=2
image = np.arange(25.0).reshape(1, 5, 5)
expect(dilated2d(image, np.ones((1, 1, 3, 3)), (2, 2)), [[[108]]], "nine ones, dilation 2")
two_taps = np.array([[[[1.0, -2]]]])
expect(dilated2d(image[:, :2], two_taps, (1, 3)), [[[-6, -7], [-11, -12]]], "two taps, dilation (1, 3)")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for d in (1, 2, 3, 4):
    k = int(random.integers(2, 4))
    height, width = (d * k + int(size) for size in random.integers(2, 6, size=2))
    image, weight = random.normal(size=(1, height, width)), random.normal(size=(1, 1, k, k))
    about = f"an image of {height} × {width}, a kernel of {k} × {k}, dilation {d}"
    right = convlib.conv2d(image, weight, dilation=d)
    hints = {
        "The kernel is not to be turned.": convlib.conv2d(image, weight[..., ::-1, ::-1], dilation=d),
        "Are windows missing at the end?": right[:, : 1 - d or None, : 1 - d or None],
        "Do the windows begin d apart, or only the taps?": right[:, ::d, ::d],
    }
    expect(dilated2d(image, weight, (d, d)), right, about, hints)
### END HIDDEN TESTS

# %% test="dilated-channels" points=3
ones = np.ones((2, 5, 4))
expect(dilated2d(ones, np.ones((3, 2, 2, 2)), (4, 3)), [[[8]], [[8]], [[8]]], "two channels, three kernels")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for dilation in ((1, 3), (3, 1), (2, 4), (4, 2)):
    c_in, c_out, kh, kw = (int(size) for size in random.integers((2, 2, 2, 2), (4, 4, 4, 4)))
    height, width = (max(dilation) * max(kh, kw) + int(size) for size in random.integers(1, 5, size=2))
    image, weight = random.normal(size=(c_in, height, width)), random.normal(size=(c_out, c_in, kh, kw))
    about = f"{c_in} channels to {c_out}, {height} × {width}, a kernel of {kh} × {kw}, dilation {dilation}"
    right = convlib.conv2d(image, weight, dilation=dilation)
    first_only = convlib.conv2d(image[:1], weight[:, :1], dilation=dilation)
    hints = {
        "Which distance belongs to the rows?": convlib.conv2d(image, weight, dilation=dilation[::-1]),
        "A kernel reaches through all input channels.": first_only,
    }
    expect(dilated2d(image, weight, dilation), right, about, hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 Does the output move with the input?
#
# Write `shift_error(image, weight, mode, shift)`. It measures how far a padding mode is from being
# equivariant. `image` has the shape `(C, H, W)`, `weight` `(C_out, C, 3, 3)`, and `mode` is `"zeros"`,
# `"reflect"`, `"replicate"` or `"circular"`. `shift` is a pair of integers: by how many pixels to move
# down and to the right. What leaves on one side comes back on the other, as `np.roll` does it.
#
# Compare two results: shift the image, then convolve; and convolve the image, then shift the output. Give
# back one number, the largest absolute difference of the two, over all channels, rows and columns.
#
# For the convolution take `reference.conv2d(image, weight, padding=1, padding_mode=mode)`, the book's
# definition. It is there already.


# %% answer="shift"
def shift_error(image, weight, mode, shift):
    """How far shifting and convolving are from commuting."""
    ### BEGIN SOLUTION
    shifted = np.roll(image, shift, axis=(1, 2))
    first = reference.conv2d(shifted, weight, padding=1, padding_mode=mode)
    last = reference.conv2d(image, weight, padding=1, padding_mode=mode)
    return np.abs(first - np.roll(last, shift, axis=(1, 2))).max()
    ### END SOLUTION


# %% test="shift-error" points=3
image = np.arange(16.0).reshape(1, 4, 4)
expect(shift_error(image, np.ones((1, 1, 3, 3)), "circular", (0, 1)), 0, "circular, one to the right")
expect(shift_error(image, np.ones((1, 1, 3, 3)), "zeros", (0, 1)), 33, "zeros, one to the right")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for mode in ("zeros", "reflect", "replicate", "circular"):
    height, width = (int(size) for size in random.integers(4, 8, size=2))
    down, right = (int(size) for size in random.integers(1, 4, size=2))
    image, weight = random.normal(size=(2, height, width)), random.normal(size=(2, 2, 3, 3))
    for sign in (1, -1):  # the largest difference is positive for one of them
        made = convlib.conv2d(image, sign * weight, padding=1, padding_mode=mode)
        moved = np.roll(image, (down, right), axis=(1, 2))
        difference = convlib.conv2d(moved, sign * weight, padding=1, padding_mode=mode)
        difference = difference - np.roll(made, (down, right), axis=(1, 2))
        about = f"{mode}, {height} × {width}, {down} down, {right} to the right"
        hints = {
            "The largest, not the mean.": np.abs(difference).mean(),
            "A large negative difference is large too.": difference.max(),
        }
        expect(shift_error(image, sign * weight, mode, (down, right)), np.abs(difference).max(), about, hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 In words
#
# A layer replaces each pixel of a photograph by the mean of 3 × 3 pixels, and pads with one ring of
# zeros. A friend says: "Zero is nothing. So zeros add nothing to a sum, and nobody will see them."
# Explain why the border of the result shows them all the same. Give an example with numbers. Say how far
# from the border they have an effect after five such layers. Say what one of the other modes would do
# instead, and what is made up then. Six to ten sentences.

# %% [markdown] explain="frame" points=4
# The zeros add nothing to the sum, but the sum is still divided by nine: they count as black pixels. On a
# white wall of 255 the corner of the result is 4 × 255 / 9, about 113, an edge 170, the inside 255. Each
# layer reads one pixel further, so five layers darken five rows. Replicate repeats the border pixel: the
# wall stays white, but it pretends that the picture goes on unchanged.
