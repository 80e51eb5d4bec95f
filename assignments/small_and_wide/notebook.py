# %% [markdown]
# # Small and wide
#
# Six questions by program and one in words, on the chapters *Pointwise convolution*, *Grouped convolution*, *Depthwise separable* and *Stacks of dilated layers*. They take about 110 minutes.
#
# Below each answer stands a cell that tests it. What you can read there are examples; behind it, more tests run on fresh random inputs when your work is graded: one row or column only, kernels that are not square, one group and many. A cell that you have not answered stops "Run all". That is meant.
#
# You may use NumPy, but nothing from convlib, and no ready-made convolution. Answers are given back as numbers, lists or arrays.

# %% setup="tools"
import numpy as np

from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"

# %% [markdown]
# Type your student number or name, as your instructor told you. Some numbers below are yours alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
def draw(random):
    """The numbers of questions 1 and 6."""
    channels = random.randrange(8, 33, 8)
    widths = [channels]
    for _ in range(3):
        widths.append(widths[-1] + random.randrange(8, 33, 8))
    strides = random.choice([(1, 2, 2), (2, 1, 2), (2, 2, 1)])
    layers, wide = random.choice([4, 5]), random.randrange(16, 65, 8)
    return {
        "size": 4 * random.randrange(10, 40) + 1,
        "channels": channels,
        "blocks": [list(block) for block in zip(widths[1:], strides)],
        "wide": wide,
        "budget": 9 * wide**2 * layers + random.randrange(1, 9 * wide**2),
        "field": random.randrange(2 ** (layers + 1) + 1, 3**layers, 2),
    }


mine = variant(f"{COURSE}, small_and_wide", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 Three blocks
#
# A small network is built like MobileNet. Its input has `mine["channels"]` channels of `mine["size"]` × `mine["size"]` numbers. Three blocks follow one another. `mine["blocks"]` holds two numbers for each: its output channels and its stride.
#
# Each block is a depthwise layer with kernels of 3 × 3 and padding 1, one kernel for each channel, and then a pointwise layer. The stride stands in the depthwise layer. There are no biases.
#
# How many weights have the three blocks together? How many multiply-adds do they take for one input? (A multiply-add is one product that is added; products with zeros of the padding count.) Give two integers, typed or computed.


# %% answer="costs"
### BEGIN SOLUTION
def costs_of(size, c_in, blocks):
    weights = work = 0
    for c_out, stride in blocks:
        size = (size + 2 - 3) // stride + 1
        of_block = 9 * c_in + c_in * c_out
        weights, work = weights + of_block, work + of_block * size**2
        c_in = c_out
    return weights, work


weights, multiply_adds = costs_of(mine["size"], mine["channels"], mine["blocks"])
### END SOLUTION

# %% test="costs-weights" points=2
assert weights > 0, "there are some weights"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, small_and_wide", Path.cwd().parent.name, draw)
widths = [theirs["channels"], *(c_out for c_out, _ in theirs["blocks"])]
pairs = list(zip(widths[:3], widths[1:]))
expect(
    weights,
    sum((9 + o) * c for c, o in pairs),
    f"weights of the blocks {pairs}",
    {
        "The depthwise layer has a kernel for each input channel.": sum((9 + c) * o for c, o in pairs),
        "How many channels does one depthwise kernel read?": sum((9 * c + o) * c for c, o in pairs),
        "That is what dense layers have.": sum(9 * c * o for c, o in pairs),
        "That is the pointwise layers alone.": sum(c * o for c, o in pairs),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="costs-work" points=3
assert multiply_adds > weights, "most weights are used more than once"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, small_and_wide", Path.cwd().parent.name, draw)


def work(output_size, depthwise_at_input=False):
    total, size, c_in = 0, theirs["size"], theirs["channels"]
    for c_out, stride in theirs["blocks"]:
        before, size = size, output_size(size, stride)
        total += 9 * c_in * (before if depthwise_at_input else size) ** 2 + c_in * c_out * size**2
        c_in = c_out
    return total


expect(
    multiply_adds,
    work(lambda n, s: (n - 1) // s + 1),
    f"multiply-adds for {theirs}",
    {
        "What does stride 2 make of an odd number of rows, with padding 1?": work(lambda n, s: n // s),
        "Is the padding in your sizes?": work(lambda n, s: (n - 3) // s + 1),
        "The stride makes the maps smaller.": work(lambda n, s: n),
        "The depthwise layer has the stride, so at how many positions does it compute?": work(
            lambda n, s: (n - 1) // s + 1, depthwise_at_input=True
        ),
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 One matrix product
#
# Write `pointwise(image, weight, bias)`, a layer of 1 × 1, with one matrix product (`@`) and without loops. `image` has the shape `(C_in, H, W)`, `weight` `(C_out, C_in)`, `bias` `(C_out,)`. The result has the shape `(C_out, H, W)`.


# %% answer="pointwise"
def pointwise(image, weight, bias):
    """A layer of 1 × 1 as a matrix product."""
    ### BEGIN SOLUTION
    c_in, height, width = image.shape
    sums = weight @ image.reshape(c_in, height * width)
    return (sums + bias[:, None]).reshape(-1, height, width)
    ### END SOLUTION


# %% test="pointwise-values" points=3
image = np.array([[[1, 2, 0], [3, 0, 1]], [[0, 1, 4], [2, 1, 0]]])
right = [[[11, 14, 18], [17, 12, 11]], [[23, 25, 16], [27, 19, 23]]]
expect(pointwise(image, np.array([[1, 2], [3, -1]]), np.array([10, 20])), right, "two channels of 2 × 3")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
sizes = [(1, 7), (6, 1), (3, 3), *(tuple(random.integers(2, 7, size=2)) for _ in range(3))]
for height, width in sizes:
    c_in, c_out = (int(size) for size in random.integers(2, 6, size=2))
    image, weight = random.normal(size=(c_in, height, width)), random.normal(size=(c_out, c_in))
    bias = random.normal(size=c_out)
    wrong = (image.reshape(-1, c_in) @ weight.T).T.reshape(-1, height, width) + bias[:, None, None]
    expect(
        pointwise(image, weight, bias),
        convlib.conv2d(image, weight[:, :, None, None], bias),
        f"{c_in} channels of {height} × {width} to {c_out}",
        {
            "reshape moves no number: whose numbers stand in a row of your pixels?": wrong,
            "Where is the bias?": convlib.conv2d(image, weight[:, :, None, None]),
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 3 Groups in loops
#
# Write `grouped(image, weight, groups)`, a grouped convolution, with loops. `image` has the shape `(C_in, H, W)`, `weight` `(C_out, C_in/groups, KH, KW)`; `groups` divides both numbers of channels. Stride 1, no padding, no bias; the kernels are not turned. The result has the shape `(C_out, H - KH + 1, W - KW + 1)`, its channels in PyTorch's order: first all those of group 0.


# %% answer="grouped"
def grouped(image, weight, groups):
    """A grouped convolution."""
    ### BEGIN SOLUTION
    c_out, m, kh, kw = weight.shape
    height, width = image.shape[1:]
    result = np.zeros((c_out, height - kh + 1, width - kw + 1))
    for o in range(c_out):
        first = o // (c_out // groups) * m
        for y in range(result.shape[1]):
            for x in range(result.shape[2]):
                window = image[first : first + m, y : y + kh, x : x + kw]
                result[o, y, x] = np.sum(window * weight[o])
    return result
    ### END SOLUTION


# %% test="grouped-one" points=2
image, weight = np.arange(12.0).reshape(1, 3, 4), np.array([[[[0.0, 1], [2, 3]]]])
expect(grouped(image, weight, 1), [[[24, 30, 36], [48, 54, 60]]], "one channel, one group")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for height, width, kh, kw in [(1, 8, 1, 3), (7, 1, 2, 1), (5, 7, 3, 2), (6, 4, 4, 3)]:
    c_in, c_out = (int(size) for size in random.integers(2, 5, size=2))
    image, weight = random.normal(size=(c_in, height, width)), random.normal(size=(c_out, c_in, kh, kw))
    turned = {"The kernels are not to be turned.": convlib.conv2d(image, weight[..., ::-1, ::-1])}
    about = f"one group, {c_in} channels of {height} × {width} to {c_out}, kernels of {kh} × {kw}"
    expect(grouped(image, weight, 1), convlib.conv2d(image, weight), about, turned)
### END HIDDEN TESTS

# %% test="grouped-many" points=3
pixel = np.array([1.0, 2, 3, 4]).reshape(4, 1, 1)
kernels = np.array([[1.0, 0], [0, 1], [1, 1], [1, 0], [0, 1], [1, -1]]).reshape(6, 2, 1, 1)
expect(np.ravel(grouped(pixel, kernels, 2)), [1, 2, 3, 3, 4, -1], "4 channels to 6, two groups")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for groups, m, of_group in [(2, 3, 4), (3, 2, 2), (4, 1, 3), (3, 4, 2), (5, 2, 1)]:
    c_out = groups * of_group
    image, weight = random.normal(size=(groups * m, 5, 6)), random.normal(size=(c_out, m, 3, 2))
    in_turn = np.arange(c_out).reshape(of_group, groups).T.ravel()
    dealt = np.empty((c_out, 3, 5))
    dealt[in_turn] = convlib.conv2d(image, weight[in_turn], groups=groups)
    right = convlib.conv2d(image, weight, groups=groups)
    expect(
        grouped(image, weight, groups),
        right,
        f"{groups * m} channels to {c_out}, {groups} groups",
        {
            "Do the first kernels all belong to group 0, or are they dealt out in turn?": dealt,
            "The groups' results are stacked, not added.": right.reshape(groups, -1, 3, 5).sum(axis=0),
        },
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 4 A separable layer, and the dense one that it is
#
# Write two functions. `D` has the shape `(C_in, KH, KW)`, a depthwise kernel for each channel; `P` has the shape `(C_out, C_in)`, the weights of a pointwise layer.
#
# - `separable(image, D, P, stride)` computes the depthwise layer, with this stride and without padding, then the pointwise one. `image` has the shape `(C_in, H, W)`, the result `(C_out, OH, OW)`. Loops or not, as you like.
# - `merge(D, P)` returns the weight of the one dense layer that does the same. Its shape is `(C_out, C_in, KH, KW)`.


# %% answer="separable"
def separable(image, D, P, stride):
    """A depthwise layer with a stride, then a pointwise one."""
    ### BEGIN SOLUTION
    (c_in, kh, kw), (_, height, width) = D.shape, image.shape
    oh, ow = (height - kh) // stride + 1, (width - kw) // stride + 1
    between = np.zeros((c_in, oh, ow))
    for y in range(oh):
        for x in range(ow):
            window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
            between[:, y, x] = np.sum(window * D, axis=(1, 2))
    return (P @ between.reshape(c_in, -1)).reshape(-1, oh, ow)
    ### END SOLUTION


def merge(D, P):
    """The weight of the dense layer."""
    ### BEGIN SOLUTION
    return P[:, :, None, None] * D
    ### END SOLUTION


# %% test="separable-values" points=3
image = np.array([[[1, 2, 0], [3, 1, 2], [0, 1, 4]], [[2, 0, 1], [1, 3, 0], [2, 1, 1]]])
D, P = np.array([[[1, 0], [0, 2]], [[1, -1], [0, 1]]]), np.array([[1, 1], [2, -1], [0, 3]])
right = [[[8, 5], [4, 13]], [[1, 13], [11, 14]], [[15, -3], [-3, 12]]]
expect(separable(image, D, P, 1), right, "2 channels to 3, stride 1")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride, height, width, kh, kw in [
    (1, 1, 9, 1, 4),
    (2, 8, 1, 3, 1),
    (1, 5, 7, 3, 2),
    (2, 7, 10, 2, 3),
    (3, 11, 6, 3, 2),
]:
    c_in, c_out = (int(size) for size in random.integers(2, 6, size=2))
    image, D = random.normal(size=(c_in, height, width)), random.normal(size=(c_in, kh, kw))
    P = random.normal(size=(c_out, c_in))
    right, turned = (
        np.tensordot(P, convlib.conv2d(image, kernels[:, None], stride=stride, groups=c_in), 1)
        for kernels in (D, D[:, ::-1, ::-1])
    )
    added = convlib.conv2d(image, D[None], stride=stride)
    expect(
        separable(image, D, P, stride),
        right,
        f"{c_in} channels of {height} × {width} to {c_out}, kernels of {kh} × {kw}, stride {stride}",
        {
            "The kernels are not to be turned.": turned,
            "The depthwise layer adds nothing across the channels.": P.sum(axis=1)[:, None, None] * added,
        },
    )
### END HIDDEN TESTS

# %% test="separable-merge" points=2
D, P = np.array([[[1, 2]], [[3, 4]]]), np.array([[1, 10], [0, -1]])
expect(merge(D, P), [[[[1, 2]], [[30, 40]]], [[[0, 0]], [[-3, -4]]]], "2 channels to 2, kernels of 1 × 2")
### BEGIN HIDDEN TESTS
random = fresh_random()
for c_in, c_out in [(4, 4), (3, 5), (5, 2), (1, 3)]:
    D, P = random.normal(size=(c_in, 3, 2)), random.normal(size=(c_out, c_in))
    right = np.array([[P[o, c] * D[c] for c in range(c_in)] for o in range(c_out)])
    hints = {"How deep is a dense kernel? It keeps a slice for each input channel.": right.sum(axis=1)}
    if c_in == c_out:
        hints["With which axis of P do the channels of D line up?"] = P[:, :, None, None] * D[:, None]
        hints["Which comes first in a weight, output or input channels?"] = right.swapaxes(0, 1)
    expect(merge(D, P), right, f"{c_in} channels to {c_out}", hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 Holes, by brute force
#
# Layers with stride 1 and `kernel_size` taps follow one another; `rates` is the list of their dilations, in any order. Look at one axis. A path takes one tap in each layer: tap number `c` of a layer with rate `d` moves it by `c * d` places, where `c` runs from 0 to `kernel_size - 1`. The field reaches from the first place where a path can end to the last one.
#
# Write `covered(rates, kernel_size)`. It returns `True` if some path ends at each place of the field, and `False` if there is a hole. Try all paths, or let a set of places grow layer by layer; here there are never more than 1,000 paths.


# %% answer="covered"
def covered(rates, kernel_size):
    """Whether every place of the field is read."""
    ### BEGIN SOLUTION
    places = {0}
    for d in rates:
        places = {place + c * d for place in places for c in range(kernel_size)}
    return len(places) == max(places) + 1
    ### END SOLUTION


# %% test="covered-three" points=2
expect(covered([1, 2], 3), True, "rates 1, 2 and three taps")
expect(covered([2, 2], 3), False, "rates 2, 2 and three taps")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
some = [[2, 3, 3], [3, 3, 9], [1, 2, 9], [9, 3, 1], [1, 4], [3], [1], [5, 2, 1, 5, 2, 1]]
some += [random.permutation([1, 3, 9, rate]) for rate in (27, 28, random.integers(2, 27))]
some += [random.integers(1, 7, size=3) for _ in range(6)]
for rates in [[int(d) for d in rates] for rates in some]:
    expect(covered(rates, 3), bool(convlib.shapes.coverage(rates).all()), f"rates {rates} and three taps")
### END HIDDEN TESTS

# %% test="covered-others" points=2
expect(covered([1, 3], 2), False, "rates 1, 3 and two taps")
expect(covered([1, 5], 5), True, "rates 1, 5 and five taps")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for k in (2, 4, 5):
    for extra in (0, 1):
        rates, field = [], 1
        for layer in range(3):
            rates.append(int(random.integers(1, field + 1)) if layer == 1 else field)
            field += (k - 1) * rates[-1]
        rates = [int(d) for d in random.permutation([*rates, field + extra])]
        right = bool(convlib.shapes.coverage(rates, k).all())
        expect(covered(rates, k), right, f"rates {rates} and {k} taps")
### END HIDDEN TESTS

# %% [markdown]
# ## 6 A stack of your own
#
# Find a stack of dilated layers with kernels of 3 × 3 and stride 1, all from `mine["wide"]` to `mine["wide"]` channels, without biases and without groups:
#
# - along each axis its field spans exactly `mine["field"]` places, and has no hole;
# - all layers together have at most `mine["budget"]` weights.
#
# Give `stack`, the list of its dilations, as integers. There are many such stacks, and every one of them is right. `covered` may help you.


# %% answer="stack"
### BEGIN SOLUTION
def stack_with(field):
    found = []
    while 1 + 2 * sum(found) < field:
        found.append(min(1 + 2 * sum(found), (field - 1) // 2 - sum(found)))
    return found


stack = stack_with(mine["field"])
### END SOLUTION

# %% test="stack-fits" points=2
assert len(stack) > 0, "there is at least one layer"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, small_and_wide", Path.cwd().parent.name, draw)
found = np.array(stack)
whole = found.ndim == 1 and found.dtype.kind in "iu" and (found >= 1).all()
assert whole, f"a list of whole numbers from 1 on, not {stack}"
total = sum(found.tolist())
hints = {
    "Three taps are two steps apart.": 1 + 2 * (theirs["field"] - 1),
    "Is the field itself the sum of your rates?": 1 + 2 * theirs["field"],
}
expect(1 + 2 * total, theirs["field"], "the field", hints, tolerance=0)
used = 9 * theirs["wide"] ** 2 * len(found)
told = f"{len(found)} layers have {used:,} weights, more than {theirs['budget']:,}"
assert used <= theirs["budget"], told
### END HIDDEN TESTS

# %% test="stack-holes" points=2
assert 1 in list(stack), "the place next to the first one must be read, too"
### BEGIN HIDDEN TESTS
from pathlib import Path

import convlib

theirs = variant(f"{COURSE}, small_and_wide", Path.cwd().parent.name, draw)
found = [int(d) for d in stack]
fits = 1 + 2 * sum(found) == theirs["field"] and 9 * theirs["wide"] ** 2 * len(found) <= theirs["budget"]
assert fits and min(found) >= 1, "counts only for a stack with the wanted field and within the budget"
holes = np.flatnonzero(convlib.shapes.coverage(found) == 0)
assert len(holes) == 0, f"rates {found} leave {len(holes)} holes, the first at place {holes[:1]} of the field"
### END HIDDEN TESTS

# %% [markdown]
# ## 7 In words
#
# A friend replaces every dense 3 × 3 layer of a network by a depthwise separable one, with nothing between its two layers. The multiply-adds fall to an eighth. "So it computes the same," says your friend, "and eight times as fast." Explain what is wrong with both halves of the sentence. For the first half, give two slices of a dense layer that no such pair can have, and say why. For the second, say what a layer does besides products, and which of the two layers suffers more. Say what you would do before you believe either half. Eight to twelve sentences.

# %% [markdown] explain="promise" points=4
# The pair is a dense layer whose slices are P[o, c] times D[c]. So all kernels see channel c through the same slice, only stronger, weaker or with the other sign. If kernel 0 has the slice 1 0 −1 for channel 0, and kernel 1 the slice 1 2 1, neither is a multiple of the other, so no pair can be this layer. The pair can do less; that it often answers well enough must be tried, by training and testing both networks.
#
# A layer must also load its input and weights and store its output. The maps are about as large as before, and the one between the two layers is stored and loaded in addition. A dense layer uses a number that it has loaded in many products, a depthwise one in only nine, so there the products wait for memory. Hence the time falls by less than eight, and how much less must be measured on the machine that counts.
