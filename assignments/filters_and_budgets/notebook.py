# %% [markdown]
# # Filters and budgets
#
# Six questions by program and one in words, on the part *Convolution in networks*. They take about 110
# minutes.
#
# Below each answer stands a cell that tests it. What you can read there are examples; behind it, more tests
# run on fresh random inputs when your work is graded: other sizes, one row or column only, and shapes that
# are not square. A cell that you have not answered stops "Run all". That is meant.
#
# You may use NumPy, but no ready-made convolution and no function of convlib. Answers are given back as
# numbers, lists or arrays.

# %% setup="tools"
import numpy as np

from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"

# %% [markdown]
# Type your student number or name, as your instructor told you. The numbers of question 1 are yours alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
def draw(random):
    """The numbers of question 1."""
    rows, columns = random.sample(range(20, 60), 2)
    channels, kernels = random.randrange(2, 8), random.randrange(8, 40)
    return {
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "kernels": kernels,
        "size": random.choice((3, 5, 7)),
    }


mine = variant(f"{COURSE}, filters_and_budgets", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 Three budgets
#
# A convolution reads maps of `mine["rows"]` × `mine["columns"]` with `mine["channels"]` channels. It has
# `mine["kernels"]` kernels of `mine["size"]` × `mine["size"]`, stride 1, no padding, and one bias for each
# kernel.
#
# Two other layers read the same input and have outputs of the same shape: a locally connected layer with
# windows of the same size, and a fully connected layer. Both have a bias for each output. How many
# parameters, weights and biases together, does each of the three layers have?
#
# Give three integers, typed or computed: `shared` for the convolution, `local` for the locally connected
# layer, `full` for the fully connected one.

# %% answer="budget"
### BEGIN SOLUTION
positions = (mine["rows"] - mine["size"] + 1) * (mine["columns"] - mine["size"] + 1)
shared = mine["kernels"] * (mine["channels"] * mine["size"] ** 2 + 1)
local = shared * positions
full = (mine["rows"] * mine["columns"] * mine["channels"] + 1) * mine["kernels"] * positions
### END SOLUTION

# %% test="budget-shared" points=2
assert shared > 0, "the parameters of the convolution"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, filters_and_budgets", Path.cwd().parent.name, draw)
rows, columns, c_in, c_out, k = theirs.values()
expect(
    shared,
    c_out * (c_in * k * k + 1),
    f"shared for {theirs}",
    {
        "A kernel reaches through all input channels.": c_out * (k * k + 1),
        "Where are the biases?": c_out * c_in * k * k,
        "One bias for each kernel, not for each of its slices.": c_out * c_in * (k * k + 1),
        "Which of the two numbers counts the kernels?": c_in * (c_out * k * k + 1),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="budget-local" points=2
assert local > 0, "the parameters of the locally connected layer"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, filters_and_budgets", Path.cwd().parent.name, draw)
rows, columns, c_in, c_out, k = theirs.values()
of_one, places = c_out * (c_in * k * k + 1), (rows - k + 1) * (columns - k + 1)
expect(
    local,
    of_one * places,
    f"local for {theirs}",
    {
        "Without padding, the window does not fit at every pixel.": of_one * rows * columns,
        "The last position counts too.": of_one * (rows - k) * (columns - k),
        "Each output has a bias of its own.": c_out * (c_in * k * k * places + 1),
        "Where are the biases?": c_out * c_in * k * k * places,
        "A window reaches through all input channels.": c_out * (k * k + 1) * places,
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="budget-full" points=2
assert full > 0, "the parameters of the fully connected layer"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, filters_and_budgets", Path.cwd().parent.name, draw)
rows, columns, c_in, c_out, k = theirs.values()
inputs, outputs = rows * columns * c_in, (rows - k + 1) * (columns - k + 1) * c_out
expect(
    full,
    inputs * outputs + outputs,
    f"full for {theirs}",
    {
        "Where are the biases?": inputs * outputs,
        "Each output has a bias of its own.": inputs * outputs + c_out,
        "Its outputs are as many as those of the convolution.": (inputs + 1) * rows * columns * c_out,
        "The input has channels.": (rows * columns + 1) * outputs,
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 Edges of a picture
#
# Write `sobel(picture)` for a picture of shape `(H, W)`. The result has the shape `(2, H, W)`: the outputs
# of these two kernels, which are not turned.
#
#     -1  0  1         -1 -2 -1
#     -2  0  2          0  0  0
#     -1  0  1          1  2  1
#
# To keep the size, the picture gets a frame of one pixel, which repeats the pixels of the border. (`np.pad`
# has a mode for this.) The outputs keep their sign and their range. The picture may hold the 8-bit whole
# numbers of a picture file, `np.uint8`.
#
# Then write `edge_strength(picture)`, of shape `(H, W)`: at each place the root of the sum of the squares
# of both outputs.


# %% answer="edges"
def sobel(picture):
    """Brighter to the right, and brighter downwards."""
    ### BEGIN SOLUTION
    height, width = picture.shape
    framed = np.pad(picture.astype(float), 1, mode="edge")
    change = np.array([-1.0, 0, 1])
    smooth = np.array([1.0, 2, 1])
    maps = np.zeros((2, height, width))
    for i in range(3):
        for j in range(3):
            shifted = framed[i : i + height, j : j + width]
            maps[0] += smooth[i] * change[j] * shifted
            maps[1] += change[i] * smooth[j] * shifted
    return maps
    ### END SOLUTION


def edge_strength(picture):
    """How strong the edges are, whatever their direction."""
    ### BEGIN SOLUTION
    return np.hypot(*sobel(picture))
    ### END SOLUTION


# %% test="edges-maps" points=3
step = np.array([[0, 0, 5, 5]] * 3)
expect(sobel(step), [[[0, 20, 20, 0]] * 3, [[0, 0, 0, 0]] * 3], "a step to the right")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
same = {"padding": "same", "padding_mode": "replicate"}
both = [convlib.filters.sobel(axis).astype(float) for axis in ("column", "row")]
for height, width, kind in ((5, 8, float), (7, 4, np.uint8), (1, 6, float), (9, 1, np.uint8)):
    picture = random.integers(0, 256, size=(height, width)).astype(kind)
    right = np.stack([convlib.correlate2d(picture.astype(float), kernel, **same) for kernel in both])
    zeros = [convlib.correlate2d(picture.astype(float), kernel, padding="same") for kernel in both]
    expect(
        sobel(picture),
        right,
        f"a picture of {height} × {width}, {picture.dtype}",
        {
            "The kernels are not to be turned.": -right,
            "Negative outputs are to stay.": right.clip(min=0),
            "The frame repeats the border; here it seems to be 0.": np.stack(zeros),
            "Which of the two maps comes first?": right[::-1],
        },
    )
### END HIDDEN TESTS

# %% test="edges-strength" points=2
rows, columns = np.mgrid[:5, :5]
expect(edge_strength(3 * columns + 4 * rows)[1:-1, 1:-1], np.full((3, 3), 40), "a slope of 3 and 4")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
same = {"padding": "same", "padding_mode": "replicate"}
for height, width, kind in ((6, 9, float), (8, 5, np.uint8), (1, 7, np.uint8)):
    picture = random.integers(0, 256, size=(height, width)).astype(kind)
    a, b = (
        convlib.correlate2d(picture.astype(float), convlib.filters.sobel(axis).astype(float), **same)
        for axis in ("column", "row")
    )
    expect(
        edge_strength(picture),
        np.hypot(a, b),
        f"a picture of {height} × {width}, {picture.dtype}",
        {
            "Squares, not absolute values.": abs(a) + abs(b),
            "The root is missing.": a**2 + b**2,
            "Edges from bright to dark count too.": np.hypot(a.clip(min=0), b.clip(min=0)),
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# If you like, look at a photograph. Remove the marks `#` in the next cell, or put in a picture of your own:
# an array of shape `(H, W)`. This gives no points. Put the marks back before you hand in.

# %%
# from convlib import pictures
# from convlib.figures import show_pictures

# photograph = pictures.hopper(128)
# show_pictures([photograph, edge_strength(photograph) / 3], ["photograph", "edge strength"])

# %% [markdown]
# ## 3 A kernel on order
#
# Design a kernel of 3 × 3 that measures how much brighter a picture gets towards the lower right. It is to
# do three things.
#
# - On a flat picture its output is 0.
# - On a picture that gets brighter by `a` with each row and by `b` with each column, its output is `a + b`.
#   So a slope towards the upper right, with `b = −a`, gives 0.
# - It averages out noise. On independent noise with a standard deviation of 1, the standard deviation of
#   its outputs is the root of the sum of its squared weights. This is to be at most 0.65.
#
# Call it `diagonal`, and give it as a list of three lists or as an array.

# %% answer="diagonal"
### BEGIN SOLUTION
diagonal = np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]) / 6
### END SOLUTION

# %% test="diagonal-slope" points=2
expect(np.shape(diagonal), (3, 3), "the shape of the kernel")
rows, columns = np.mgrid[:3, :3]
expect(np.sum((rows + columns) * np.array(diagonal)), 2, "the output on a slope with a = b = 1")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for height, width in ((3, 5), (6, 4), (3, 3)):
    a, b, c = random.uniform(1, 9, size=3) * (1, random.choice((-1, 1)), 10)
    rows, columns = np.mgrid[:height, :width]
    ones = np.ones((height - 2, width - 2))
    expect(
        convlib.correlate2d(c + a * rows + b * columns, np.array(diagonal, dtype=float)),
        (a + b) * ones,
        f"a picture that gets brighter by {a:.2f} with each row and by {b:.2f} with each column",
        {
            "Its outputs are 6 times too large.": 6 * (a + b) * ones,
            "Its outputs are 8 times too large.": 8 * (a + b) * ones,
            "It has the wrong sign.": -(a + b) * ones,
            "It does not see the columns.": a * ones,
            "It does not see the rows.": b * ones,
            "It measures along the other diagonal.": (a - b) * ones,
        },
    )
### END HIDDEN TESTS

# %% test="diagonal-noise" points=1
expect(np.shape(diagonal), (3, 3), "the shape of the kernel")
### BEGIN HIDDEN TESTS
kernel = np.array(diagonal, dtype=float)
rows, columns = np.mgrid[-1:2, -1:2]
per_row, per_column = np.sum(kernel * rows), np.sum(kernel * columns)
assert min(per_row, per_column) > 0, "it does not answer to both directions"
expect(per_row, per_column, "what a row and a column count")
# a factor is the other test's matter
noise = np.sqrt(np.sum(kernel**2)) / per_row
assert noise <= 0.65, f"for slopes that count once, the noise is {noise:.2f}: let more pixels count"
### END HIDDEN TESTS

# %% [markdown]
# ## 4 Another order of axes
#
# Keras keeps channels last, PyTorch channels first. Write three functions that bring arrays from Keras to
# PyTorch. Neither side turns kernels.
#
# - `maps_to_pytorch(maps)`: from `(N, H, W, C)` to `(N, C, H, W)`.
# - `kernels_to_pytorch(weight)`: from `(KH, KW, C_in, C_out)` to `(C_out, C_in, KH, KW)`.
# - `depthwise_to_pytorch(weight)`: from `(KH, KW, C, M)`, with `M` kernels for each channel, to
#   `(C · M, 1, KH, KW)`. Kernel `j` of channel `c` becomes kernel `c · M + j`.


# %% answer="layouts"
def maps_to_pytorch(maps):
    ### BEGIN SOLUTION
    return maps.transpose(0, 3, 1, 2)
    ### END SOLUTION


def kernels_to_pytorch(weight):
    ### BEGIN SOLUTION
    return weight.transpose(3, 2, 0, 1)
    ### END SOLUTION


def depthwise_to_pytorch(weight):
    ### BEGIN SOLUTION
    height, width, channels, multiplier = weight.shape
    return weight.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    ### END SOLUTION


# %% test="layouts-maps" points=1
maps = np.array([[[[1, 10], [2, 20], [3, 30]]]])
expect(maps_to_pytorch(maps), [[[[1, 2, 3]], [[10, 20, 30]]]], "one picture of 1 × 3 with 2 channels")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for _ in range(4):
    maps = random.normal(size=random.integers((1, 2, 2, 2), (4, 6, 6, 5)))
    right = convlib.layouts.to_channels_first(maps)
    found = maps_to_pytorch(maps)
    expect(
        found,
        right,
        f"from {maps.shape} to {right.shape}",
        {
            "A new shape alone leaves the numbers in their order.": maps.reshape(right.shape),
            "What has become of rows and columns?": maps.transpose(0, 3, 2, 1),
        },
    )
### END HIDDEN TESTS

# %% test="layouts-kernels" points=1
weight = np.array([[[[1, 10]], [[2, 20]], [[3, 30]]]])
expect(kernels_to_pytorch(weight), [[[[1, 2, 3]]], [[[10, 20, 30]]]], "two kernels of 1 × 3 on one channel")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for _ in range(4):
    k, c_in, c_out = (int(size) for size in random.integers(2, 6, size=3))
    weight = random.normal(size=(k, k, c_in, c_out))
    right = convlib.layouts.weight_from_keras(weight)
    found = kernels_to_pytorch(weight)
    expect(
        found,
        right,
        f"from {weight.shape} to {right.shape}",
        {
            "A new shape alone leaves the numbers in their order.": weight.reshape(right.shape),
            "What has become of rows and columns?": weight.T,
        },
    )
### END HIDDEN TESTS

# %% test="layouts-depthwise" points=2
weight = np.array([[[[1, 2], [3, 4], [5, 6]]]])
expect(np.ravel(depthwise_to_pytorch(weight)), [1, 2, 3, 4, 5, 6], "two kernels of 1 × 1 for each channel")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for _ in range(4):
    weight = random.normal(size=random.integers((2, 2, 2, 2), (5, 5, 5, 4)))
    right = convlib.layouts.depthwise_weight_from_keras(weight)
    expect(
        depthwise_to_pytorch(weight),
        right,
        f"from {weight.shape} to {right.shape}",
        {
            "A new shape alone leaves the numbers in their order.": weight.reshape(right.shape),
            "In which order do the kernels stand?": weight.transpose(3, 2, 0, 1).reshape(right.shape),
            "What has become of rows and columns?": weight.transpose(2, 3, 1, 0).reshape(right.shape),
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 5 Down a stack
#
# Write `follow(size, channels, layers)` for a stack of convolutions. The input has `channels` channels of
# `size` × `size`. `layers` is a list with `(kernels, kernel_size, stride, padding)` for each layer, four
# integers. Rows and columns are alike, the padding is counted per side, and each kernel has a bias.
#
# Return a list with three integers for each layer: the size of its maps, the receptive field of one of its
# units in the input, and its parameters. Size and field count along one axis.


# %% answer="stack"
def follow(size, channels, layers):
    """[size, field, parameters] of each layer."""
    ### BEGIN SOLUTION
    field, jump, rows = 1, 1, []
    for kernels, kernel_size, stride, padding in layers:
        size = (size + 2 * padding - kernel_size) // stride + 1
        field += (kernel_size - 1) * jump
        jump *= stride
        rows.append([size, field, kernels * (channels * kernel_size**2 + 1)])
        channels = kernels
    return rows
    ### END SOLUTION


# %% test="stack-sizes" points=2
found = follow(32, 3, [(6, 5, 1, 0), (10, 5, 1, 0)])
expect([row[0] for row in found], [28, 24], "sizes of two layers")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
for number in range(6):
    # at stride 1 a forgotten padding shows, at stride 2 the floor
    stride, padding = (2, 0) if number % 2 else (1, int(random.integers(1, 3)))
    k, c_in, size = (int(drawn) for drawn in random.integers((3, 2, 20), (6, 5, 30)))
    size += stride == 2 and (size - k) % 2 == 0
    layers = [(4, k, stride, padding), (5, 3, 2, 1), (3, int(random.integers(1, 4)), 1, 0)]
    right, n = [], size
    for _, kernel_size, s, p in layers:
        n = shapes.output_size(n, kernel_size, s, p)
        right.append(n)
    found = follow(size, c_in, layers)
    expect([row[0] for row in found], right, f"sizes for follow({size}, {c_in}, {layers})")
### END HIDDEN TESTS

# %% test="stack-fields" points=2
found = follow(32, 3, [(6, 5, 1, 0), (10, 5, 1, 0)])
expect([row[1] for row in found], [5, 9], "fields of two layers")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
for _ in range(5):
    many = int(random.integers(2, 5))
    sizes, strides = random.integers(2, 5, size=many), random.integers(1, 3, size=many)
    strides[0] = random.integers(2, 4)
    layers = [(2, int(k), int(s), int(k) // 2) for k, s in zip(sizes, strides)]
    pairs = [(k, s) for _, k, s, _ in layers]
    right = [shapes.receptive_field(pairs[: i + 1]).size for i in range(many)]
    own = 1 + np.cumsum((sizes - 1) * np.cumprod(strides))  # a layer's own stride counts
    blind = 1 + np.cumsum(sizes - 1)  # no stride counts
    found = [row[1] for row in follow(99, 1, layers)]
    expect(
        found,
        right,
        f"fields for follow(99, 1, {layers})",
        {
            "Does a layer's own stride widen its window?": own,
            "Behind a stride, neighbours of a map lie further apart.": blind,
        },
    )
### END HIDDEN TESTS

# %% test="stack-parameters" points=1
found = follow(32, 3, [(6, 5, 1, 0), (10, 5, 1, 0)])
expect([row[2] for row in found], [456, 1510], "parameters of two layers")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
for _ in range(4):
    # each layer has more kernels than the one before
    deep, k = np.cumsum(random.integers(2, 20, size=4)), random.integers(1, 6, size=3)
    kernels, areas = deep[1:], k**2
    layers = [(int(c_out), int(size), 1, 0) for c_out, size in zip(kernels, k)]
    right = [
        shapes.count_parameters(int(c_in), c_out, (size, size))
        for c_in, (c_out, size, _, _) in zip(deep, layers)
    ]
    found = [row[2] for row in follow(40, int(deep[0]), layers)]
    expect(
        found,
        right,
        f"parameters for follow(40, {deep[0]}, {layers})",
        {
            "Which maps does the second layer read?": kernels * (deep[0] * areas + 1),
            "Where are the biases?": kernels * deep[:-1] * areas,
            "A kernel is as deep as the maps that it reads.": kernels * (areas + 1),
        },
        tolerance=0,
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 6 Does it follow?
#
# Here a layer is given: a convolution of a picture `(H, W)` with a kernel of 3 × 3 and circular padding.
# (It is for this question only.)


# %% setup="layer"
def ring_layer(picture, kernel, stride):
    """A map; with stride 1 it has the size of the picture."""
    ring = np.pad(picture, 1, mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(ring, (3, 3))
    return np.einsum("yxij, ij -> yx", windows[::stride, ::stride], np.asarray(kernel))


# %% [markdown]
# Write `shift_error(picture, kernel, stride, shift)`. It measures how far the layer is from following a
# shift of the picture.
#
# 1. Compute the map of the picture, and the map of the picture moved by `shift` columns to the right,
#    around the edge. (`np.roll` moves.)
# 2. Move the first map to the right by 0, 1, 2, … columns, around its edge, once to each of its columns.
#    For each move take the largest absolute difference from the second map.
# 3. Return the smallest of these numbers. It is 0 if some move of the map answers the shift exactly.


# %% answer="shifts"
def shift_error(picture, kernel, stride, shift):
    """0 if the map moves along with the picture."""
    ### BEGIN SOLUTION
    before = ring_layer(picture, kernel, stride)
    after = ring_layer(np.roll(picture, shift, axis=1), kernel, stride)
    moves = range(before.shape[1])
    return min(np.abs(np.roll(before, move, axis=1) - after).max() for move in moves)
    ### END SOLUTION


# %% test="shifts-followed" points=1
dot = np.zeros((4, 6))
dot[2, 1] = 1
copying = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
expect([shift_error(dot, copying, 2, shift) for shift in (0, 1, 2)], [0, 1, 0], "a dot, copied with stride 2")
### BEGIN HIDDEN TESTS
random = fresh_random()
for stride, shift in ((1, 1), (1, 5), (2, 4), (3, 3), (3, 6)):
    height, width = (stride * int(size) for size in random.integers((3, 7), (6, 10)))
    picture, kernel = random.normal(size=(height, width)), random.normal(size=(3, 3))
    about = f"a picture of {height} × {width}, stride {stride}, shift {shift}"
    expect(shift_error(picture, kernel, stride, shift), 0, about)
### END HIDDEN TESTS

# %% test="shifts-lost" points=2
dot = np.zeros((4, 6))
dot[2, 1] = 1
expect(shift_error(dot, [[1, 1, 1]] * 3, 2, 1), 1, "a dot, added up with stride 2")
### BEGIN HIDDEN TESTS
random = fresh_random()
for stride, shift in ((2, 1), (2, 3), (3, 1), (3, 2), (3, 4)):
    height, width = (stride * int(size) for size in random.integers((2, 6), (5, 9)))
    picture, kernel = random.normal(size=(height, width)), random.normal(size=(3, 3))
    before, after = (ring_layer(np.roll(picture, move, axis=1), kernel, stride) for move in (0, shift))
    apart = np.abs([np.roll(before, move, axis=1) - after for move in range(width // stride)])
    expect(
        shift_error(picture, kernel, stride, shift),
        apart.max(axis=(1, 2)).min(),
        f"a picture of {height} × {width}, stride {stride}, shift {shift}",
        {
            "The map is to be moved, too.": apart[0].max(),
            "Take the largest difference of each move, not the mean.": apart.mean(axis=(1, 2)).min(),
            "Of all moves, take the one that fits best.": apart.max(),
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 7 In words
#
# Somebody wants to read two kinds of pictures with the same network: photographs that people take with
# their telephones, and scanned forms, on which each field always stands in the same place. Explain why
# weight sharing fits the photographs. Say what it assumes, and what it gives; use your numbers from
# question 1. Then explain why it fits the forms less well, what you would do about it, and what that costs.
# Eight to twelve sentences.

# %% [markdown] explain="sharing" points=4
# Sharing assumes that what is worth finding in one place is worth finding in every other. A photograph
# could have been taken with the camera turned a little, so an edge or an eye may stand anywhere. One kernel
# for all positions needs fewer parameters than a locally connected layer, by the number of positions, and
# learns from every position of every example. On the form, a place has a meaning: on the left is always a
# name, on the right always a number. One kernel cannot ask different questions in different places, however
# many examples there are. Weights for each position, or a fully connected layer at the end, can. They cost
# memory, and many more examples.
