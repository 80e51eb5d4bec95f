# %% [markdown]
# # Flips and pools
#
# Five questions by program and one in words, on the chapters *Convolution in mathematics*, *One, two,
# three dimensions*, *Pooling* and *Beside a fully connected layer*. They take about 110 minutes.
#
# Below each answer stand cells that test it. What you can read there are examples; behind it, more
# tests run on fresh random inputs when your work is graded: other sizes, one row or column only,
# negative numbers, and windows that do not fit exactly. A cell that you have not answered stops "Run
# all". That is meant.
#
# You may use NumPy: its sums, means, maxima, reshapes and matrix products. You may not use a ready-made
# convolution, correlation or pool, neither convlib's nor `np.convolve`, `np.correlate`, SciPy's or any
# other. Answers are given back as numbers, lists or arrays.

# %% setup="tools"
import numpy as np

from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"

# %% [markdown]
# Type your student number or name, as your instructor told you. Some numbers below are yours alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
# kernel, padding, window and a remainder: chosen so that each common slip leads to another size
CASES = [(7, 2, 3, 0), (8, 2, 3, 1), (8, 2, 4, 0), (8, 3, 3, 0), (9, 2, 3, 2), (9, 2, 4, 1), (9, 2, 5, 0)]
CASES += [(9, 3, 3, 0), (9, 3, 3, 1), (9, 3, 4, 0), (11, 2, 4, 3), (11, 2, 5, 2), (11, 2, 6, 1)]
CASES += [(11, 3, 4, 1), (11, 3, 4, 2), (11, 3, 5, 0), (11, 3, 5, 1), (11, 3, 6, 0), (11, 4, 4, 0)]
CASES += [(11, 4, 5, 0)]


def draw(random):
    """The numbers of question 1."""
    k, p, w, remainder = random.choice(CASES)
    n = w * random.randrange(6, 41) + remainder
    c_in, c_out, classes = random.randrange(2, 9), random.randrange(10, 41), random.randrange(5, 31)
    return {"n": n, "c_in": c_in, "k": k, "p": p, "c_out": c_out, "w": w, "classes": classes}


mine = variant(f"{COURSE}, flips_and_pools", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 What a head costs
#
# A small network reads pictures of `mine["n"]` × `mine["n"]` pixels with `mine["c_in"]` channels. Its
# layers, one after the other:
#
# 1. a convolution with kernels of `mine["k"]` × `mine["k"]`, stride 1, padding `mine["p"]` and a bias,
#    which makes `mine["c_out"]` maps;
# 2. a max pool with a window of `mine["w"]` × `mine["w"]`, without padding; its stride is the default,
#    as in PyTorch, and `ceil_mode` is off;
# 3. the maps, flattened;
# 4. a fully connected layer with a bias and `mine["classes"]` outputs.
#
# Give four integers, typed or computed:
#
# - `convolution`: the parameters of layer 1;
# - `side`: how many rows a map has behind the pool;
# - `head`: the parameters of layer 4;
# - `unpooled`: the parameters of layer 4 if the pool is left out.

# %% answer="network"
### BEGIN SOLUTION
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = (mine["n"] + 2 * mine["p"] - mine["k"] + 1) // mine["w"]
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * (mine["n"] + 2 * mine["p"] - mine["k"] + 1) ** 2 + 1)
### END SOLUTION

# %% test="network-convolution" points=1
assert convolution > 0, "a number of parameters"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, flips_and_pools", Path.cwd().parent.name, draw)
c_in, k, c_out = (theirs[name] for name in ("c_in", "k", "c_out"))
expect(
    convolution,
    c_out * (c_in * k * k + 1),
    f"convolution for {c_in} channels to {c_out}, {k} × {k}",
    {
        "A kernel reaches through all input channels.": c_out * (k * k + 1),
        "Where is the bias?": c_out * c_in * k * k,
        "One bias for each output channel.": c_out * c_in * (k * k + 1),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="network-side" points=2
assert side > 0, "a map has at least one row"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, flips_and_pools", Path.cwd().parent.name, draw)
n, k, p, w = (theirs[name] for name in "nkpw")
size = n + 2 * p - k + 1
expect(
    side,
    size // w,
    f"side for n = {n}, k = {k}, p = {p}, w = {w}",
    {
        "Is the padding on both sides?": (size - p) // w,
        "Does this convolution keep the size?": n // w,
        "What becomes of a window that is not full?": -(-size // w),
        "What is the default stride of a pool?": size - w + 1,
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="network-head" points=1
assert head > 0, "a number of parameters"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, flips_and_pools", Path.cwd().parent.name, draw)
n, k, p, w, c_out, classes = (theirs[name] for name in ("n", "k", "p", "w", "c_out", "classes"))
inputs = c_out * ((n + 2 * p - k + 1) // w) ** 2
expect(
    head,
    classes * (inputs + 1),
    f"head for {c_out} maps and {classes} outputs",
    {
        "All maps are flattened, not one.": classes * (inputs // c_out + 1),
        "Where is the bias?": classes * inputs,
        "A map has rows and columns.": classes * (c_out * ((n + 2 * p - k + 1) // w) + 1),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="network-unpooled" points=1
assert unpooled > head, "without the pool, more numbers are read"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, flips_and_pools", Path.cwd().parent.name, draw)
n, k, p, c_out, classes = (theirs[name] for name in ("n", "k", "p", "c_out", "classes"))
size = n + 2 * p - k + 1
expect(
    unpooled,
    classes * (c_out * size**2 + 1),
    f"unpooled for n = {n}, k = {k}, p = {p}, {c_out} maps and {classes} outputs",
    {
        "Is the padding on both sides?": classes * (c_out * (size - p) ** 2 + 1),
        "Does this convolution keep the size?": classes * (c_out * n**2 + 1),
        "Is the last position of the kernel counted?": classes * (c_out * (size - 1) ** 2 + 1),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 With and without the flip
#
# `row`, `kernel`, `first` and `second` are NumPy arrays with one axis. Write three functions:
#
# - `convolve(row, kernel)`: the full true convolution, with loops. `n` numbers and `k` numbers give
#   `n + k - 1`. Either of the two may be the longer one.
# - `correlate(row, kernel)`: the cross-correlation at those places only where the whole kernel lies on
#   the row: `n - k + 1` numbers, for `k` up to `n`. You may call your `convolve`.
# - `merge(first, second)`: one kernel for two layers. For each long enough row,
#   `correlate(row, merge(first, second))` is `correlate(correlate(row, first), second)`.


# %% answer="flip"
def convolve(row, kernel):
    """The full true convolution of two rows."""
    ### BEGIN SOLUTION
    result = np.zeros(len(row) + len(kernel) - 1)
    for x, number in enumerate(row):
        for j, weight in enumerate(kernel):
            result[x + j] += number * weight
    return result
    ### END SOLUTION


def correlate(row, kernel):
    """The cross-correlation, where the whole kernel lies on the row."""
    ### BEGIN SOLUTION
    return convolve(row, kernel[::-1])[len(kernel) - 1 : len(row)]
    ### END SOLUTION


def merge(first, second):
    """The kernel of one layer that does the work of two."""
    ### BEGIN SOLUTION
    return convolve(first, second)
    ### END SOLUTION


# %% test="flip-full" points=2
row, kernel = np.array([2.0, 0, 1]), np.array([1.0, 3])
unturned = {"This is the cross-correlation.": [6, 2, 3, 1]}
expect(convolve(row, kernel), [2, 6, 1, 3], "convolve, 2 0 1 and 1 3", unturned)
### BEGIN HIDDEN TESTS
random = fresh_random()
for n, k in ((1, 1), (1, 4), (3, 7), (6, 1), *random.integers(2, 12, size=(5, 2)).tolist()):
    row, kernel = random.normal(size=n), random.normal(size=k)
    about = f"convolve, {n} numbers and {k}"
    unturned = {"This is the cross-correlation.": np.convolve(row, kernel[::-1])}
    expect(convolve(row, kernel), np.convolve(row, kernel), about, unturned if k > 1 else {})
### END HIDDEN TESTS

# %% test="flip-inside" points=2
row, kernel = np.array([2.0, 0, 1]), np.array([1.0, 3])
turned = {"Here the kernel is not turned.": [6, 1]}
expect(correlate(row, kernel), [2, 3], "correlate, 2 0 1 and 1 3", turned)
### BEGIN HIDDEN TESTS
random = fresh_random()
for n, more in ((1, 0), (5, 0), (5, 4), *random.integers(3, 9, size=(5, 2)).tolist()):
    k = n - more if more < n else 2
    row, kernel = random.normal(size=n), random.normal(size=k)
    about = f"correlate, {n} numbers and a kernel of {k}"
    turned = {"Here the kernel is not turned.": np.convolve(row, kernel, "valid")}
    expect(correlate(row, kernel), np.correlate(row, kernel, "valid"), about, turned if k > 1 else {})
### END HIDDEN TESTS

# %% test="flip-merge" points=2
expect(merge(np.array([1.0, 2]), np.array([3.0, 0, 1])), [3, 6, 1, 2], "merge, 1 2 and 3 0 1")
### BEGIN HIDDEN TESTS
random = fresh_random()
for k, m in ((1, 3), *random.integers(2, 7, size=(5, 2)).tolist()):
    first, second = random.normal(size=k), random.normal(size=m)
    about = f"merge, kernels of {k} and {m}"
    mistakes = {
        "Two layers correlate. What does that make of their kernels?": np.convolve(first, second[::-1]),
        "The merged kernel is turned.": np.convolve(first, second)[::-1],
    }
    expect(merge(first, second), np.convolve(first, second), about, mistakes)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 A convolution as a matrix
#
# For a given size of input, a convolution is a fully connected layer, and that is a matrix. Write
# `matrix_of(kernel, n, stride)` for a layer that slides `kernel` (an array of `k` numbers, not turned)
# over a row of `n` numbers, without padding.
#
# The result `M` has one line for each output and one column for each input, so that `M @ row` are the
# outputs. It is an array of the shape `((n - k) // stride + 1, n)`; where no weight stands, it is 0.


# %% answer="matrix"
def matrix_of(kernel, n, stride):
    """The matrix of a convolution of n numbers."""
    ### BEGIN SOLUTION
    k = len(kernel)
    matrix = np.zeros(((n - k) // stride + 1, n))
    for y in range(len(matrix)):
        matrix[y, y * stride : y * stride + k] = kernel
    return matrix
    ### END SOLUTION


# %% test="matrix-lines" points=2
expect(matrix_of(np.array([1.0, 2]), 4, 1), [[1, 2, 0, 0], [0, 1, 2, 0], [0, 0, 1, 2]], "n = 4, stride 1")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for n, k in ((1, 1), (6, 6), (7, 1), *random.integers((6, 2), (12, 6), size=(4, 2)).tolist()):
    kernel = random.normal(size=k)
    mistakes = {}
    if k > 1:
        turned = convlib.conv1d(np.eye(n)[:, None], kernel[::-1].copy()[None, None])[:, 0].T
        mistakes["The kernel is not to be turned."] = turned
    right = convlib.conv1d(np.eye(n)[:, None], kernel[None, None])[:, 0].T
    expect(matrix_of(kernel, n, 1), right, f"a kernel of {k}, n = {n}, stride 1", mistakes)
### END HIDDEN TESTS

# %% test="matrix-stride" points=2
expect(matrix_of(np.array([1.0, 2]), 5, 2), [[1, 2, 0, 0, 0], [0, 0, 1, 2, 0]], "n = 5, stride 2")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride in (2, 3, 4):
    for n in (9, 10, 11):
        k = int(random.integers(1, 6))
        kernel = random.normal(size=k)
        right = convlib.conv1d(np.eye(n)[:, None], kernel[None, None], stride=stride)[:, 0].T
        expect(matrix_of(kernel, n, stride), right, f"a kernel of {k}, n = {n}, stride {stride}")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 A head that slides
#
# A fully connected layer was trained on maps of the shape `(channels, height, width)`. They were
# flattened as `maps.reshape(-1)` does it: channel by channel, row by row. Its `weight` has the shape
# `(outputs, channels * height * width)`, its `bias` the shape `(outputs,)`. Write two functions:
#
# - `as_kernels(weight, channels, height, width)`: the same weights as the weight of a convolution, in
#   the order that this course uses: output channels, input channels, rows, columns.
# - `answers(weight, bias, maps, height, width)`: what the layer says to each cut-out of `height` ×
#   `width` of larger `maps` of the shape `(channels, H, W)`. The result has the shape
#   `(outputs, H - height + 1, W - width + 1)`; at `[:, y, x]` stand the outputs for the cut-out whose
#   first row is `y` and whose first column is `x`.


# %% answer="head"
def as_kernels(weight, channels, height, width):
    """A fully connected layer's weight as that of a convolution."""
    ### BEGIN SOLUTION
    return weight.reshape(len(weight), channels, height, width)
    ### END SOLUTION


def answers(weight, bias, maps, height, width):
    """The layer's outputs for each cut-out of larger maps."""
    ### BEGIN SOLUTION
    rows, columns = maps.shape[1] - height + 1, maps.shape[2] - width + 1
    result = np.zeros((len(weight), rows, columns))
    for y in range(rows):
        for x in range(columns):
            result[:, y, x] = weight @ maps[:, y : y + height, x : x + width].reshape(-1) + bias
    return result
    ### END SOLUTION


# %% test="head-kernels" points=1
weight = np.arange(6.0).reshape(1, 6)
expect(as_kernels(weight, 1, 2, 3), [[[[0, 1, 2], [3, 4, 5]]]], "one output, one channel, 2 × 3")
### BEGIN HIDDEN TESTS
random = fresh_random()
for _ in range(4):
    outputs, channels, height = (int(size) for size in random.integers(2, 6, size=3))
    width = height + int(random.integers(1, 3))
    weight = random.normal(size=(outputs, channels * height * width))
    about = f"{outputs} outputs, {channels} channels, {height} × {width}"
    last = weight.reshape(outputs, height, width, channels).transpose(0, 3, 1, 2)
    hints = {"In the flattened row, does a whole channel come first, or a whole pixel?": last}
    right = weight.reshape(outputs, channels, height, width)
    expect(as_kernels(weight, channels, height, width), right, about, hints)
### END HIDDEN TESTS

# %% test="head-slides" points=3
maps = np.arange(6.0).reshape(1, 2, 3)
weight, bias = np.array([[1.0, 0, 0, 2]]), np.array([10.0])
without = {"Where is the bias?": [[[8, 11]]]}
expect(answers(weight, bias, maps, 2, 2), [[[18, 21]]], "0 1 2 above 3 4 5, a head for 2 × 2", without)
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
sizes = ((1, 1, 0, 0), (2, 3, 0, 4), (3, 2, 3, 0), (4, 2, 2, 3), (2, 5, 4, 1))
for outputs, channels, below, beside in sizes:
    height, width = (int(size) for size in random.integers((1, 3), (3, 5)))
    maps = random.normal(size=(channels, height + below, width + beside))
    weight, bias = random.normal(size=(outputs, channels * height * width)), random.normal(size=outputs)
    kernels = weight.reshape(outputs, channels, height, width)
    about = f"a head for {channels} × {height} × {width}, on {channels} × {height + below} × {width + beside}"
    without = {"Where is the bias?": convlib.conv2d(maps, kernels)}
    expect(answers(weight, bias, maps, height, width), convlib.conv2d(maps, kernels, bias), about, without)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 Two pools
#
# Write `max_pool(image, window, stride, padding)` and `avg_pool(image, window, stride, padding)` with
# loops. `image` is an array of floats of the shape `(C, H, W)`; `window`, `stride` and `padding` are
# integers, the same for rows and columns. `padding` is per side and at most half of the window. A last
# window that would hang over the padded end is dropped.
#
# Both follow PyTorch's defaults: the padding of `max_pool` never wins, and that of `avg_pool` is zeros,
# which count in the mean. The result has the shape `(C, OH, OW)`.


# %% answer="pool"
def max_pool(image, window, stride, padding):
    """The largest number of each window."""
    ### BEGIN SOLUTION
    return pool(image, window, stride, padding, -np.inf, np.max)


def pool(image, window, stride, padding, border, of_window):
    channels, height, width = image.shape
    padded = np.full((channels, height + 2 * padding, width + 2 * padding), border, dtype=float)
    padded[:, padding : padding + height, padding : padding + width] = image
    rows = (height + 2 * padding - window) // stride + 1
    columns = (width + 2 * padding - window) // stride + 1
    result = np.zeros((channels, rows, columns))
    for c in range(channels):
        for y in range(rows):
            for x in range(columns):
                top, left = y * stride, x * stride
                result[c, y, x] = of_window(padded[c, top : top + window, left : left + window])
    return result
    ### END SOLUTION


def avg_pool(image, window, stride, padding):
    """The mean of each window."""
    ### BEGIN SOLUTION
    return pool(image, window, stride, padding, 0, np.mean)
    ### END SOLUTION


# %% test="pool-max" points=3
rows = np.array([[[3.0, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9]]])
expect(max_pool(rows, 2, 1, 0), [[[9, 6, 6, 5], [9, 9, 9, 9]]], "a window of 2, stride 1")
expect(max_pool(rows, 2, 2, 0), [[[9, 6]]], "a window of 2, stride 2")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for window, stride in ((1, 1), (1, 2), (2, 3), (3, 1), (3, 2), (3, 3)):
    channels, height, width = (int(size) for size in random.integers((2, window, 6), (4, 6, 10)))
    image = random.normal(size=(channels, height, width))
    about = f"max_pool, {channels} × {height} × {width}, a window of {window}, stride {stride}"
    expect(max_pool(image, window, stride, 0), convlib.max_pool2d(image, window, stride), about)
### END HIDDEN TESTS

# %% test="pool-mean" points=2
rows = np.array([[[3.0, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9]]])
expect(avg_pool(rows, 2, 2, 0), [[[3.75, 4]]], "a window of 2, stride 2")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for window, stride in ((1, 1), (2, 1), (2, 3), (3, 2), (4, 4)):
    channels, height, width = (int(size) for size in random.integers((2, window, 6), (4, 6, 10)))
    image = random.normal(size=(channels, height, width))
    about = f"avg_pool, {channels} × {height} × {width}, a window of {window}, stride {stride}"
    expect(avg_pool(image, window, stride, 0), convlib.avg_pool2d(image, window, stride), about)
### END HIDDEN TESTS

# %% test="pool-padding" points=2
ones = np.ones((1, 3, 3))
expect(max_pool(ones, 2, 2, 1), [[[1, 1], [1, 1]]], "max_pool, ones, padding 1")
expect(avg_pool(ones, 2, 2, 1), [[[0.25, 0.5], [0.5, 1]]], "avg_pool, ones, padding 1")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for window, stride, padding in ((2, 1, 1), (3, 2, 1), (4, 3, 2), (5, 1, 2)):
    height, width = (int(size) for size in random.integers(5, 9, size=2))
    image = -1 - random.random(size=(2, height, width))
    about = f"numbers below 0, a window of {window}, stride {stride}, padding {padding}"
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    zeros = convlib.max_pool2d(padded, window, stride)
    expect(
        max_pool(image, window, stride, padding),
        convlib.max_pool2d(image, window, stride, padding),
        f"max_pool, {about}",
        {"A zero wins against negative numbers.": zeros},
    )
    expect(
        avg_pool(image, window, stride, padding),
        convlib.avg_pool2d(image, window, stride, padding),
        f"avg_pool, {about}",
        {
            "By default, the zeros of the padding count.": convlib.avg_pool2d(
                image, window, stride, padding, count_include_pad=False
            )
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 6 In words
#
# Somebody writes: "A max pool of 2 × 2 makes a network invariant to shifts, and it reduces the number
# of parameters." Both halves of the sentence need to be put right. Explain the difference between
# invariant and equivariant, and what such a pool is under shifts of its input by one and by two
# columns; use a row of your own numbers. Then say what the pool reduces and what it does not, in the
# convolutions and in the head. Eight to twelve sentences.

# %% [markdown] explain="pooling" points=4
# Invariant means that the output stays the same when the input is shifted; equivariant means that it is
# shifted too. A pool with window 2 and stride 2 is equivariant for shifts by two, four, six columns:
# the windows then hold the same numbers as before, one, two, three windows further on. The row 5 1 7 2
# 0 3 gives 5 7 3. Shifted by two, with zeros coming in, 0 0 5 1 7 2 gives 0 5 7: the same answers, one
# place further on, so it is not invariant. Shifted by one, 0 5 1 7 2 0 gives 5 7 2: the windows hold
# other pairs. The 5 and the 7 have stayed, because each is still the largest of its window, but the 3
# has left and a 2 has appeared. So a pool tolerates some small shifts, and for odd shifts there is no
# rule. It keeps a quarter of the positions, so later layers need a quarter of the multiplications. It
# has no parameters itself, and a convolution behind it has as many as before, since its weights do not
# depend on the size of the maps. A head that reads the flattened maps has about a quarter of the
# weights. A head behind global average pooling reads one number a map, and has as many as before.
