# %% [markdown]
# # Windows in loops
#
# Four questions by program and one in words, on the chapters *Sliding dot product*, *Stride*, *Many
# channels* and *Output size*. They take about 90 minutes.
#
# Below each answer stands a cell that tests it. What you can read there are examples; behind it, more
# tests run on fresh random inputs when your work is graded: other sizes, one row or column only, several
# channels, and sizes that do not divide. A cell that you have not answered stops "Run all". That is
# meant.
#
# You may use NumPy, but no ready-made convolution: none of convlib, and not NumPy's `convolve` or
# `correlate` either. Answers are given back as numbers, lists or arrays.

# %% setup="tools"
import numpy as np

from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"

# %% [markdown]
# Type your student number or name, as your instructor told you. The numbers of question 1 are yours
# alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
def draw(random):
    """The numbers of question 1, on which no common mistake is right by chance."""
    s = random.randrange(5, 10)
    more = random.choice([more for more in range(2, s) if 2 * more != s])
    p = s + more
    k = p + random.choice([k for k in range(1, more) if more + k != s])
    last = s * random.randrange(6, 26) + random.randrange(s // 2 + 1, s - 1)
    return {"n": last + k - 2 * p, "k": k, "s": s, "p": p}


mine = variant(f"{COURSE}, windows_in_loops", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 Sizes
#
# An axis of `mine["n"]` elements is padded by `mine["p"]` zeros on each side. A kernel of `mine["k"]`
# moves over it with stride `mine["s"]`.
#
# - `output`: how long is the output?
# - `unread`: how many elements at the end of the padded axis, zeros included, are read by no window?
#
# Give two integers with these names, typed or computed.

# %% answer="sizes"
### BEGIN SOLUTION
output = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
unread = (mine["n"] + 2 * mine["p"] - mine["k"]) % mine["s"]
### END SOLUTION

# %% test="sizes-output" points=2
assert output > 0, "there is at least one output"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, windows_in_loops", Path.cwd().parent.name, draw)
n, k, s, p = (theirs[name] for name in "nksp")
expect(
    output,
    (n + 2 * p - k) // s + 1,
    f"output for n = {n}, k = {k}, s = {s}, p = {p}",
    {
        "Is the padding on both sides?": (n + p - k) // s + 1,
        "A window that does not fit is no window.": -(-(n + 2 * p - k) // s) + 1,
        "An output has no part of an element.": (n + 2 * p - k) / s + 1,
        "Is the first window counted, too? It takes no step.": (n + 2 * p - k) // s,
    },
)
### END HIDDEN TESTS

# %% test="sizes-unread" points=2
assert unread >= 0, "a number of elements"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, windows_in_loops", Path.cwd().parent.name, draw)
n, k, s, p = (theirs[name] for name in "nksp")
expect(
    unread,
    (n + 2 * p - k) % s,
    f"unread for n = {n}, k = {k}, s = {s}, p = {p}",
    {
        "Is the padding on both sides?": (n + p - k) % s,
        "The zeros at the end count here.": 0,
        "That many are missing for another window.": s - (n + 2 * p - k) % s,
    },
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 A convolution in loops
#
# Write `conv2d(image, weight, bias, stride, padding)` with loops.
#
# - `image` is an array of shape `(C_in, H, W)`, `weight` of `(C_out, C_in, KH, KW)`, `bias` of
#   `(C_out,)`.
# - `stride` and `padding` are integers, the same for rows and columns. The padding is zeros, on all four
#   sides.
# - The kernel is not turned. It always fits into the padded image. Neither has to be square.
# - The result is an array of shape `(C_out, OH, OW)`.


# %% answer="conv2d"
def conv2d(image, weight, bias, stride, padding):
    """The convolution of an image."""
    ### BEGIN SOLUTION
    c_in, height, width = image.shape
    c_out, _, kh, kw = weight.shape
    padded = np.zeros((c_in, height + 2 * padding, width + 2 * padding))
    padded[:, padding : padding + height, padding : padding + width] = image
    oh = (height + 2 * padding - kh) // stride + 1
    ow = (width + 2 * padding - kw) // stride + 1
    result = np.zeros((c_out, oh, ow))
    for o in range(c_out):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o]) + bias[o]
    return result
    ### END SOLUTION


# %% [markdown]
# First one channel and one kernel, with stride 1, no padding and a bias of 0.

# %% test="conv2d-one" points=2
image = np.arange(9.0).reshape(1, 3, 3)
weight = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
expect(conv2d(image, weight, np.zeros(1), 1, 0), [[[19, 25], [37, 43]]], "one channel")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
drawn = random.integers((5, 5, 1, 1), (10, 10, 5, 5), size=(3, 4))
for height, width, kh, kw in [(1, 7, 1, 3), (6, 1, 2, 1), (4, 5, 4, 5), *drawn]:
    image, weight = random.normal(size=(1, height, width)), random.normal(size=(1, 1, kh, kw))
    about = f"an image of {height} × {width}, a kernel of {kh} × {kw}"
    turned = {"The kernel is not to be turned.": convlib.conv2d(image, weight[..., ::-1, ::-1])}
    expect(conv2d(image, weight, np.zeros(1), 1, 0), convlib.conv2d(image, weight), about, turned)
### END HIDDEN TESTS

# %% [markdown]
# Then several channels and kernels, and biases.

# %% test="conv2d-channels" points=3
ones = np.ones((2, 3, 3))
expect(
    conv2d(ones, np.ones((3, 2, 3, 3)), np.arange(3.0), 1, 0),
    [[[18]], [[19]], [[20]]],
    "2 channels, 3 kernels",
)
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for c_in, c_out in ((1, 3), (3, 1), (2, 4), (4, 2)):
    size = int(random.integers(4, 9))  # square here: who takes all images to be square loses points elsewhere
    image, weight = random.normal(size=(c_in, size, size)), random.normal(size=(c_out, c_in, 3, 3))
    weight += weight[..., ::-1, ::-1]  # the same when turned, for the same reason
    bias = random.normal(size=c_out)
    hints = {
        "Where is the bias?": convlib.conv2d(image, weight),
        "A kernel reads all channels.": convlib.conv2d(image[:1], weight[:, :1], bias),
        "How often is the bias added?": convlib.conv2d(image, weight, c_in * bias),
        "Each kernel has a bias of its own.": convlib.conv2d(image, weight, 0 * bias + bias[0]),
    }
    right = convlib.conv2d(image, weight, bias)
    expect(conv2d(image, weight, bias, 1, 0), right, f"channels: {c_in}, kernels: {c_out}", hints)
### END HIDDEN TESTS

# %% [markdown]
# Then stride and padding, again with one channel, one kernel and a bias of 0.

# %% test="conv2d-stride" points=3
expect(
    conv2d(np.ones((1, 5, 5)), np.ones((1, 1, 3, 3)), np.zeros(1), 2, 1),
    [[[4, 6, 4], [6, 9, 6], [4, 6, 4]]],
    "ones",
)
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride in (1, 2, 3):
    for padding in (0, 1, 2):
        height = int(random.integers(4, 8))
        width = height + 2  # with stride 2 and this kernel, one axis divides and the other does not
        image, weight = random.normal(size=(1, height, width)), random.normal(size=(1, 1, 3, 2))
        weight += weight[..., ::-1, ::-1]
        right = convlib.conv2d(image, weight, stride=stride, padding=padding)
        one_side = np.pad(image, ((0, 0), (padding, 0), (padding, 0)))
        moved_by_one = convlib.conv2d(image, weight, padding=padding)[:, : right.shape[1], : right.shape[2]]
        hints = {
            "Are there zeros on all four sides?": convlib.conv2d(one_side, weight, stride=stride),
            "By how much does the window move from one output to the next?": moved_by_one,
        }
        about = f"an image of {height} × {width}, a kernel of 3 × 2, stride {stride}, padding {padding}"
        expect(conv2d(image, weight, np.zeros(1), stride, padding), right, about, hints)
### END HIDDEN TESTS

# %% [markdown]
# Last, everything together.

# %% test="conv2d-all" points=2
image = np.arange(12.0).reshape(2, 2, 3)
weight = np.array([[[[1.0, 0.0]], [[0.0, 2.0]]], [[[0.0, -1.0]], [[3.0, 0.0]]]])
expect(
    conv2d(image, weight, np.array([1.0, 2.0]), 2, 1),
    [[[1, 1], [19, 27]], [[2, 2], [-1, 27]]],
    "2 channels, 2 kernels of 1 × 2, stride 2, padding 1",
)
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride, padding in ((1, 2), (2, 0), (2, 1), (3, 1)):
    c_in, c_out, height, kh = (int(size) for size in random.integers((2, 2, 4, 2), (4, 4, 9, 4)))
    width, kw = height + 3, 2
    image, weight = random.normal(size=(c_in, height, width)), random.normal(size=(c_out, c_in, kh, kw))
    bias = random.normal(size=c_out)
    about = f"image {image.shape}, weight {weight.shape}, stride {stride}, padding {padding}"
    expect(
        conv2d(image, weight, bias, stride, padding),
        convlib.conv2d(image, weight, bias, stride, padding),
        about,
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 3 What a layer costs
#
# A layer reads `c_in` channels and makes `c_out` maps. Its kernels are `kernel_size` × `kernel_size`,
# with one integer for both axes. There are biases and no groups. Write two functions.
#
# - `count_parameters(c_in, c_out, kernel_size)`: weights and biases together.
# - `count_multiply_adds(c_in, c_out, kernel_size, output_size)`: what the layer does for one image, where
#   `output_size` is `(OH, OW)`. A multiply-add is one product that is added; the bias counts as none, and
#   a product with a zero of the padding counts.
#
# Both give back an integer.


# %% answer="counts"
def count_parameters(c_in, c_out, kernel_size):
    """How many weights and biases a layer has."""
    ### BEGIN SOLUTION
    return c_out * (c_in * kernel_size**2 + 1)
    ### END SOLUTION


def count_multiply_adds(c_in, c_out, kernel_size, output_size):
    """How many products a layer adds for one image."""
    ### BEGIN SOLUTION
    return c_out * c_in * kernel_size**2 * output_size[0] * output_size[1]
    ### END SOLUTION


# %% test="counts-parameters" points=2
expect(count_parameters(1, 64, 3), 640, "1 channel to 64, 3 × 3")
### BEGIN HIDDEN TESTS
random = fresh_random()
for _ in range(4):
    c_in, c_out, k = (int(size) for size in random.integers((2, 2, 2), (200, 200, 8)))
    expect(
        count_parameters(c_in, c_out, k),
        c_out * (c_in * k * k + 1),
        f"{c_in} channels to {c_out}, {k} × {k}",
        {
            "A kernel reaches through all input channels.": c_out * (k * k + 1),
            "Where is the bias?": c_out * c_in * k * k,
            "One bias for each output channel.": c_out * c_in * (k * k + 1),
            "A kernel has rows and columns.": c_out * (c_in * k + 1),
        },
        tolerance=0,
    )
### END HIDDEN TESTS

# %% test="counts-work" points=2
expect(count_multiply_adds(3, 32, 5, (220, 220)), 116_160_000, "3 channels to 32, 5 × 5, 220 × 220 outputs")
### BEGIN HIDDEN TESTS
random = fresh_random()
for _ in range(4):
    c_in, c_out, k, height, width = (int(size) for size in random.integers(2, 60, size=5))
    expect(
        count_multiply_adds(c_in, c_out, k, (height, width)),
        c_out * c_in * k * k * height * width,
        f"{c_in} channels to {c_out}, {k} × {k}, {height} × {width} outputs",
        {
            "A kernel reaches through all input channels.": c_out * k * k * height * width,
            "The bias counts as no multiply-add.": c_out * (c_in * k * k + 1) * height * width,
            "Every output takes as many as a kernel has weights.": c_out * c_in * k * k,
            "A map has rows and columns, and they may differ.": c_out * c_in * k * k * height**2,
        },
        tolerance=0,
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 4 Find the bug
#
# This function should slide a kernel along a row that is not shorter, and give back all dot products, in
# order. With stride 1 it is right.
#
#     def slide(row, kernel, stride):
#         results = []
#         for start in range(0, len(row) // stride - len(kernel) + 1, stride):
#             results.append(row[start : start + len(kernel)] @ kernel)
#         return np.array(results)
#
# Mend it, so that it is right with every stride. The window begins at the first number and moves by
# `stride`, as long as it fits.


# %% answer="mended"
def slide(row, kernel, stride):
    """The dot products of a kernel with the windows of a row."""
    ### BEGIN SOLUTION
    starts = range(0, len(row) - len(kernel) + 1, stride)
    return np.array([row[start : start + len(kernel)] @ kernel for start in starts])
    ### END SOLUTION


# %% test="mended-stride" points=3
row = np.array([3.0, 2, 1, 7, 1, 2, 5, 4])
expect(slide(row, np.array([0.25, 1, 0.75, 0.5]), 2), [7, 9, 8], "stride 2")
### BEGIN HIDDEN TESTS
random = fresh_random()
drawn = [(int(k + s * steps + rest), k, s) for k, s, steps, rest in random.integers(1, 6, size=(4, 4))]
# the window fits once; the last one ends the row; it does not; the stride leaves gaps
for n, k, stride in [(5, 5, 2), (11, 3, 2), (12, 3, 2), (14, 2, 4), *drawn]:
    row, kernel = random.normal(size=n), random.normal(size=k)
    right = np.correlate(row, kernel, "valid")[::stride]
    halfway = [row[start : start + k] @ kernel for start in range(0, n // stride - k + 1, stride)]
    hints = {
        "Is the end of the range a position in the row, or a number of outputs?": halfway,
        "A range leaves out its end: where may the last window begin?": right[: -(-(n - k) // stride)],
        "The kernel is not to be turned.": np.convolve(row, kernel, "valid")[::stride],
        "By how much does the window move?": np.correlate(row, kernel, "valid"),
    }
    expect(slide(row, kernel, int(stride)), right, f"{n} numbers, a kernel of {k}, stride {stride}", hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 In words
#
# A layer has kernel 3, stride 2 and no padding. On some images it never reads the last row. Explain it to
# somebody who knows the size formula, but has not thought about its floor:
#
# - why the row is not read, and for which heights of the image this happens,
# - an example with numbers,
# - what can be done about it, or why it may not matter.
#
# Six to ten sentences.

# %% [markdown] explain="unread" points=4
# The first window reads the rows 0 to 2, and each further one begins two rows later. It stops where the
# next step would take it beyond the image: there is room for (n − 3)/2 steps, rounded down, and this is
# the floor of the formula. Half a step is never taken, and the one row that it would have covered stays
# unread. That happens when n − 3 is odd, so for every even n. An image of 7 rows has windows that begin
# at 0, 2 and 4, and the last one ends with row 6, so all rows are read. An image of 8 rows has the same
# three windows, since one at 6 would need a row 8, and nobody reads row 7. With a padding of one row on
# each side there is still a row left over for even n, but it is padding. One may also cut or enlarge the
# image to an odd height. Often it does not matter, since the row before says nearly the same; but late in
# a network a row stands for many rows of the image.
