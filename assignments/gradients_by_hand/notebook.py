# %% [markdown]
# # Gradients by hand
#
# Six questions by program and one in words, on the chapters *The backward pass*, *Learning a kernel*,
# *Transposed convolution* and *Larger than memory*. They take about two hours.
#
# Below each answer stands a cell that tests it. What you can read there are examples; behind it, more tests
# run on fresh random inputs when your work is graded: several channels, rectangular shapes, one row only,
# strides, rows that no window reads. A cell that you have not answered stops "Run all". That is meant.
#
# You may use NumPy, but no ready-made convolution and no ready-made gradient, neither convlib's nor any
# other. Answers are given back as numbers, lists or arrays.

# %% setup="tools"
import numpy as np

from convlib.practice import expect, fresh_random, variant

COURSE = "convolution"


def slide(image, kernel):
    """The outputs of one kernel on one grid: stride 1, no padding, the kernel not turned."""
    kh, kw = kernel.shape
    output = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for y, x in np.ndindex(*output.shape):
        output[y, x] = np.sum(image[y : y + kh, x : x + kw] * kernel)
    return output


def loss(image, kernel, wanted):
    """A quarter of the sum of the fourth powers of the errors."""
    return np.sum((slide(image, kernel) - wanted) ** 4) / 4


# %% [markdown]
# Type your student number or name, as your instructor told you. Some numbers below are yours alone.

# %% student="id"
STUDENT_ID = ""


# %% setup="numbers"
def draw(random):
    """The numbers of question 1."""
    s = random.randrange(4, 9)
    p = random.choice([p for p in range(1, 8) if p % s and 2 * p % s])
    k = random.choice([k for k in range(p + 1, p + 8) if k - 2 * p != s])
    extra = random.choice([e for e in range(2, s) if 2 * e != s])
    return {"n": random.randrange(8, 60) * s + k - 2 * p + extra, "k": k, "s": s, "p": p}


mine = variant(f"{COURSE}, gradients_by_hand", STUDENT_ID, draw)
mine

# %% [markdown]
# ## 1 There and back
#
# An axis of `mine["n"]` numbers goes through a convolution with the kernel size `mine["k"]`, the stride
# `mine["s"]`, the padding `mine["p"]` on each side, and dilation 1. A transposed convolution with the same
# kernel size, stride and padding leads back. How many numbers does it make with `output_padding=0`? Which
# `output_padding` makes `mine["n"]` of them?
#
# Call the first `back` and the second `extra`: two integers, typed or computed.

# %% answer="sizes"
### BEGIN SOLUTION
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - 2 * mine["p"]
extra = mine["n"] - back
### END SOLUTION

# %% test="sizes-back" points=2
assert back > 0, "back counts numbers, and there is at least one"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, gradients_by_hand", Path.cwd().parent.name, draw)
n, k, s, p = (theirs[name] for name in "nksp")
rows = (n + 2 * p - k) // s + 1
expect(
    back,
    (rows - 1) * s + k - 2 * p,
    f"back for n = {n}, k = {k}, s = {s}, p = {p}",
    {
        "Where does the last copy of the kernel begin, and where does it end?": rows * s,
        "Does this padding add, or does it cut off?": (rows - 1) * s + k + 2 * p,
        "Is the padding on both sides?": (rows - 1) * s + k - p,
        "From the first copy to the last there is one step less than there are copies.": rows * s + k - 2 * p,
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% test="sizes-extra" points=2
assert extra >= 0, "an output_padding is 0 or more"
### BEGIN HIDDEN TESTS
from pathlib import Path

theirs = variant(f"{COURSE}, gradients_by_hand", Path.cwd().parent.name, draw)
n, k, s, p = (theirs[name] for name in "nksp")
expect(
    extra,
    (n + 2 * p - k) % s,
    f"extra for n = {n}, k = {k}, s = {s}, p = {p}",
    {
        "What does the padding change?": (n - k) % s,
        "These numbers would fill up the last window.": (k - n - 2 * p) % s,
        "One is enough for stride 2; is it here?": 1,
    },
    tolerance=0,
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 Three gradients in loops
#
# A layer gets `image` of the shape `(C_in, H, W)`. Its `weight` has the shape `(C_out, C_in, KH, KW)`, and it
# has one bias for each output channel. It has a `stride`, an integer for rows and columns, and no padding;
# the kernels are not turned. Its output has the shape `(C_out, OH, OW)`, and so has `grad_output`: the slopes
# of the loss for the outputs.
#
# Write three functions that return the gradients of the loss, with loops:
#
# - `bias_gradient(grad_output)`, of the shape `(C_out,)`;
# - `weight_gradient(image, weight_shape, grad_output, stride)`, of the shape `weight_shape`;
# - `image_gradient(image_shape, weight, grad_output, stride)`, of the shape `image_shape`. A number that no
#   window reads has the slope 0.


# %% answer="slopes"
def bias_gradient(grad_output):
    """The gradient for the biases."""
    ### BEGIN SOLUTION
    return grad_output.sum(axis=(1, 2))
    ### END SOLUTION


def weight_gradient(image, weight_shape, grad_output, stride):
    """The gradient for the weight."""
    ### BEGIN SOLUTION
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        gradient[o] += grad_output[o, y, x] * window
    return gradient
    ### END SOLUTION


def image_gradient(image_shape, weight, grad_output, stride):
    """The gradient for the image."""
    ### BEGIN SOLUTION
    kh, kw = weight.shape[2:]
    gradient = np.zeros(image_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        share = grad_output[o, y, x] * weight[o]
        gradient[:, y * stride : y * stride + kh, x * stride : x * stride + kw] += share
    return gradient
    ### END SOLUTION


# %% test="slopes-bias" points=1
expect(
    bias_gradient(np.array([[[1.0, 1], [1, 1], [1, 1]], [[2, 0], [0, 0], [0, 1]]])), [6, 3], "two channels"
)
### BEGIN HIDDEN TESTS
random = fresh_random()
for _ in range(3):
    shape = [int(size) for size in random.integers((2, 1, 2), (6, 6, 7))]
    slopes = random.normal(size=shape)
    hints = {
        "One slope for each channel.": slopes.sum(),
        "The effects at all places add up.": slopes.mean(axis=(1, 2)),
    }
    expect(bias_gradient(slopes), slopes.sum(axis=(1, 2)), f"grad_output of {tuple(shape)}", hints)
### END HIDDEN TESTS

# %% test="slopes-weight" points=2
image = np.array([[[2.0, 0, 1], [1, 3, 0], [0, 1, 2]]])
slopes = np.array([[[1.0, 0], [2, -1]]])
expect(weight_gradient(image, (1, 1, 2, 2), slopes, 1), [[[[1, 6], [0, 3]]]], "one channel, one kernel")
### BEGIN HIDDEN TESTS
from convlib.gradients import conv2d_weight

random = fresh_random()
for stride, unread in ((1, 0), (1, 0), (2, 1), (3, 2), (2, 0)):
    c_in, c_out, kh, kw, oh, ow = (
        int(size) for size in random.integers((2, 2, 2, 1, 2, 3), (4, 5, 4, 4, 4, 5))
    )
    height, width = (oh - 1) * stride + kh + unread, (ow - 1) * stride + kw
    image, slopes = random.normal(size=(c_in, height, width)), random.normal(size=(c_out, oh, ow))
    shape = (c_out, c_in, kh, kw)
    right = conv2d_weight(image, shape, slopes, stride=stride)
    hints = {
        "Nothing is turned on the way to the weight.": right[..., ::-1, ::-1],
        "One weight works at all places: do its slopes add up, or is there a mean?": right / (oh * ow),
    }
    if stride > 1:
        beside = image[:, : oh + kh - 1, : ow + kw - 1]
        hints["How far apart are two windows?"] = conv2d_weight(beside, shape, slopes)
    about = f"an image of {image.shape}, a weight of {shape}, stride {stride}"
    expect(weight_gradient(image, shape, slopes, stride), right, about, hints)
### END HIDDEN TESTS

# %% test="slopes-image" points=3
weight = np.array([[[[1.0, 2], [0, -1]]]])
slopes = np.array([[[1.0, 0], [2, -1]]])
right = [[[1, 2, 0], [2, 2, -2], [0, -2, 1]]]
expect(image_gradient((1, 3, 3), weight, slopes, 1), right, "one channel, one kernel")
### BEGIN HIDDEN TESTS
from convlib.gradients import conv2d_input

random = fresh_random()
for stride, unread in ((1, 0), (1, 0), (2, 1), (3, 2), (2, 0)):
    c_in, c_out, kh, kw, oh, ow = (
        int(size) for size in random.integers((2, 2, 2, 1, 2, 3), (4, 5, 4, 4, 4, 5))
    )
    shape = (c_in, (oh - 1) * stride + kh + unread, (ow - 1) * stride + kw)
    weight, slopes = random.normal(size=(c_out, c_in, kh, kw)), random.normal(size=(c_out, oh, ow))
    right = conv2d_input(shape, weight, slopes, stride=stride)
    hints = {
        "Which weight went with the first output, and which with the last?": conv2d_input(
            shape, weight[..., ::-1, ::-1], slopes, stride=stride
        ),
        "An input channel hears from all output channels.": conv2d_input(
            shape, weight[:1], slopes[:1], stride=stride
        ),
    }
    about = f"an image of {shape}, a weight of {weight.shape}, stride {stride}"
    expect(image_gradient(shape, weight, slopes, stride), right, about, hints)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 Slopes by nudging
#
# A slope can be measured: raise one number by `h`, lower it by `h`, and divide the difference of the two
# losses by the difference of the two numbers.
#
# The first cell defines `slide(image, kernel)`, a convolution of one grid, and `loss(image, kernel, wanted)`,
# a quarter of the sum of the fourth powers of the errors. Write `nudged(image, kernel, wanted, h)`. It
# returns such a slope of `loss` for each number of `kernel`, in the shape of `kernel`. The kernel may hold
# whole numbers, and `h` need not be small.
#
# With it you can check question 2 on small inputs. For this loss, `grad_output` is the error to the power of
# three.


# %% answer="nudge"
def nudged(image, kernel, wanted, h):
    """The slopes of the loss for the kernel, measured."""
    ### BEGIN SOLUTION
    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(*kernel.shape):
        step = np.zeros(kernel.shape)
        step[place] = h
        slopes[place] = (loss(image, kernel + step, wanted) - loss(image, kernel - step, wanted)) / (2 * h)
    return slopes
    ### END SOLUTION


# %% test="nudge-real" points=2
expect(
    nudged(np.array([[1.0, 2]]), np.array([[1.0]]), np.zeros((1, 2)), 0.5), [[21.25]], "one weight, h = 0.5"
)
### BEGIN HIDDEN TESTS
random = fresh_random()
for rows, columns, kh, kw in ((4, 5, 2, 3), (5, 4, 3, 2), (1, 6, 1, 3)):
    image, kernel = random.normal(size=(rows, columns)), random.normal(size=(kh, kw))
    wanted = random.normal(size=(rows - kh + 1, columns - kw + 1))
    h = float(random.uniform(0.3, 0.8))
    right, one_sided = np.zeros((kh, kw)), np.zeros((kh, kw))
    for i, j in np.ndindex(kh, kw):
        met = image[i : i + rows - kh + 1, j : j + columns - kw + 1]
        error = slide(image, kernel) - wanted
        higher, lower, middle = (np.sum((error + step * met) ** 4) / 4 for step in (h, -h, 0))
        right[i, j], one_sided[i, j] = (higher - lower) / (2 * h), (higher - middle) / h
    hints = {
        "Raise the number, and lower it too.": one_sided,
        "How far apart are the two numbers?": 2 * right,
    }
    expect(nudged(image, kernel, wanted, h), right, f"a kernel of {kh} × {kw}, h = {h:.3f}", hints)
### END HIDDEN TESTS

# %% test="nudge-whole" points=1
found = nudged(np.array([[1.0, 2]]), np.array([[1]]), np.zeros((1, 2)), 0.01)
expect(found, [[17.0017]], "a kernel of whole numbers, h = 0.01")
### BEGIN HIDDEN TESTS
random = fresh_random()
for rows, columns, kh, kw in ((4, 5, 2, 3), (6, 2, 3, 1)):
    image, kernel = random.normal(size=(rows, columns)), random.integers(-3, 4, size=(kh, kw))
    wanted = random.normal(size=(rows - kh + 1, columns - kw + 1))
    right = np.zeros((kh, kw))
    for i, j in np.ndindex(kh, kw):
        met = image[i : i + rows - kh + 1, j : j + columns - kw + 1]
        error = slide(image, kernel) - wanted
        right[i, j] = np.sum((error + 0.5 * met) ** 4 - (error - 0.5 * met) ** 4) / 4
    expect(nudged(image, kernel, wanted, 0.5), right, f"a kernel of {kh} × {kw} whole numbers, h = 0.5")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 Find the bugs
#
# This function should be a transposed convolution of a grid with a square kernel: the adjoint of a
# convolution with the same stride and padding. If `stride` equals the kernel size and `padding` is 1, it is
# right.
#
#     def spread(image, kernel, stride, padding):
#         k = len(kernel)
#         rows, columns = ((n - 1) * stride + k for n in image.shape)
#         output = np.zeros((rows, columns))
#         for y, x in np.ndindex(*image.shape):
#             window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
#             output[window] = image[y, x] * kernel
#         return output[padding:-padding, padding:-padding]
#
# It has two bugs. Mend both.


# %% answer="mended"
def spread(image, kernel, stride, padding):
    """The transposed convolution of a grid."""
    ### BEGIN SOLUTION
    k = len(kernel)
    rows, columns = ((n - 1) * stride + k for n in image.shape)
    output = np.zeros((rows, columns))
    for y, x in np.ndindex(*image.shape):
        window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
        output[window] += image[y, x] * kernel
    return output[padding : rows - padding, padding : columns - padding]
    ### END SOLUTION


# %% test="mended-adjoint" points=1
there, back_again = np.array([[1.0, 0, 2], [3, 1, 0], [0, 2, 1]]), np.array([[1.0, 2], [-1, 3]])
kernel = np.array([[1.0, 2], [0, -1]])
spread_out = np.asarray(spread(back_again, kernel, 1, 0))
expect(spread_out.shape, (3, 3), "the shape of what is spread")
forward = np.sum(slide(there, kernel) * back_again)
expect(np.sum(there * spread_out), forward, "the two dot products")
### BEGIN HIDDEN TESTS
random = fresh_random()
for _ in range(3):
    rows, columns, k = (int(size) for size in random.integers((4, 5, 2), (7, 8, 4)))
    there, kernel = random.normal(size=(rows, columns)), random.normal(size=(k, k))
    back_again = random.normal(size=(rows - k + 1, columns - k + 1))
    forward = np.sum(slide(there, kernel) * back_again)
    about = f"the two dot products for {rows} × {columns} numbers and a kernel of {k} × {k}"
    expect(np.sum(there * np.asarray(spread(back_again, kernel, 1, 0))), forward, about)
### END HIDDEN TESTS

# %% test="mended-overlap" points=1
expect(spread(np.ones((2, 2)), np.ones((3, 3)), 2, 1), [[1, 2, 1], [2, 4, 2], [1, 2, 1]], "ones")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride, k, padding in ((1, 3, 1), (2, 3, 1), (2, 5, 2), (3, 4, 1)):
    rows, columns = (int(size) for size in random.integers((2, 3), (5, 6)))
    image, kernel = random.normal(size=(rows, columns)), random.normal(size=(k, k))
    right = convlib.conv_transpose2d(image[None], kernel[None, None], stride=stride, padding=padding)[0]
    turned = convlib.conv_transpose2d(image[None], kernel[None, None, ::-1, ::-1], None, stride, padding)[0]
    about = f"{rows} × {columns} numbers, a kernel of {k} × {k}, stride {stride}, padding {padding}"
    expect(spread(image, kernel, stride, padding), right, about, {"The copies are not turned.": turned})
### END HIDDEN TESTS

# %% test="mended-padding" points=1
expect(spread(np.array([[1.0, 2]]), np.ones((1, 1)), 2, 0), [[1, 0, 2]], "a kernel of 1 × 1")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for stride, k, padding in ((2, 2, 0), (3, 2, 0), (1, 1, 0), (5, 3, 0), (3, 3, 1)):
    rows, columns = (int(size) for size in random.integers((1, 3), (4, 6)))
    image, kernel = random.normal(size=(rows, columns)), random.normal(size=(k, k))
    right = convlib.conv_transpose2d(image[None], kernel[None, None], stride=stride, padding=padding)[0]
    about = f"{rows} × {columns} numbers, a kernel of {k} × {k}, stride {stride}, padding {padding}"
    expect(spread(image, kernel, stride, padding), right, about)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 Descend to a kernel
#
# Now the loss is the **mean** of the squares of the errors of `slide(image, kernel)`: the squares of
# `slide(image, kernel) - wanted`, divided by their number. Write two functions.
#
# - `largest_rate(image, kernel_shape)` computes from the image the rate below which gradient descent for this
#   loss converges: 2 divided by the steepest curvature. `np.linalg.eigvalsh` is allowed.
# - `learn(image, wanted, kernel_shape, steps)` begins with zeros, takes `steps` steps of gradient descent
#   with **half** the largest rate, and returns the kernel after the last step.


# %% answer="descent"
def largest_rate(image, kernel_shape):
    """The rate below which gradient descent converges."""
    ### BEGIN SOLUTION
    kh, kw = kernel_shape
    oh, ow = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    met = np.array([image[i : i + oh, j : j + ow].ravel() for i, j in np.ndindex(kh, kw)])
    curvatures = np.linalg.eigvalsh(2 / (oh * ow) * met @ met.T)
    return 2 / curvatures[-1]
    ### END SOLUTION


def learn(image, wanted, kernel_shape, steps):
    """The kernel after some steps of gradient descent."""
    ### BEGIN SOLUTION
    kernel, rate = np.zeros(kernel_shape), largest_rate(image, kernel_shape) / 2
    for _ in range(steps):
        error = slide(image, kernel) - wanted
        kernel = kernel - rate * 2 / error.size * slide(image, error)
    return kernel
    ### END SOLUTION


# %% test="descent-rate" points=2
row = np.array([[1.0, 2, 0, 1]])
expect(largest_rate(row, (1, 2)), 3 / 7, "a row of four")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for kh, kw in ((1, 2), (2, 2), (2, 3), (3, 1)):
    rows, columns = (int(size) for size in random.integers((4, 5), (7, 8)))
    image = random.uniform(0.5, 2) * random.normal(size=(rows, columns))
    met = convlib.unfold(image[None], (kh, kw))
    right = 2 / np.linalg.eigvalsh(2 / met.shape[1] * met @ met.T)[-1]
    hints = {
        "The loss is a mean: is that in the curvature?": right / met.shape[1],
        "What does the slope of a square bring with it?": 2 * right,
        "At this rate the steepest part is gone at once: how much more does it bear?": right / 2,
        "Which direction diverges first?": 2 / np.linalg.eigvalsh(2 / met.shape[1] * met @ met.T)[0],
    }
    about = f"an image of {rows} × {columns}, a kernel of {kh} × {kw}"
    expect(largest_rate(image, (kh, kw)), right, about, hints)
### END HIDDEN TESTS

# %% test="descent-steps" points=2
row, goal = np.array([[1.0, 2, 0, 1]]), np.array([[2.0, 8, -1]])
expect(learn(row, goal, (1, 2), 1), [[18 / 7, 3 / 7]], "one step on a row of four")
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for (kh, kw), steps in (((2, 2), 1), ((2, 3), 2), ((1, 3), 3), ((3, 2), 5)):
    rows, columns = (int(size) for size in random.integers((4, 5), (7, 8)))
    image = random.uniform(0.5, 2) * random.normal(size=(rows, columns))
    wanted = random.normal(size=(rows - kh + 1, columns - kw + 1))
    met = convlib.unfold(image[None], (kh, kw))
    steepest = np.linalg.eigvalsh(2 / met.shape[1] * met @ met.T)[-1]
    kernel = np.zeros(kh * kw)
    for _ in range(steps):
        kernel = kernel - 2 / met.shape[1] * met @ (kernel @ met - wanted.ravel()) / steepest
    about = f"{steps} steps, an image of {rows} × {columns}, a kernel of {kh} × {kw}"
    expect(learn(image, wanted, (kh, kw), steps), kernel.reshape(kh, kw), about)
### END HIDDEN TESTS

# %% test="descent-found" points=1
row, goal = np.array([[1.0, 2, 0, 1]]), np.array([[2.0, 8, -1]])
expect(
    learn(row, goal, (1, 2), 60),
    [[4, -1]],
    "after 60 steps, the kernel that made the outputs",
    tolerance=1e-3,
)
### BEGIN HIDDEN TESTS
import convlib

random = fresh_random()
for size in (0.2, 1.0, 20.0):
    ratio = 9
    while ratio > 8:
        image = size * random.normal(size=(8, 9))
        met = convlib.unfold(image[None], (2, 2))
        curvatures = np.linalg.eigvalsh(2 / met.shape[1] * met @ met.T)
        ratio = curvatures[-1] / curvatures[0]
    kernel = random.normal(size=(2, 2))
    wanted = convlib.correlate2d(image, kernel)
    found = np.asarray(learn(image, wanted, (2, 2), 100))
    expect(found, kernel, f"the kernel after 100 steps, for pixels of about {size} in size", tolerance=1e-3)
    left = np.mean((slide(image, found) - wanted) ** 2)
    assert left < 1e-4 * np.mean(wanted**2), f"after 100 steps there is {left:.2g} of the loss left"
### END HIDDEN TESTS

# %% [markdown]
# ## 6 A stack in chunks
#
# A picture is cut into chunks of rows, and each chunk goes through a stack of convolutions in one go.
# `layers` is a list of tuples `(k, s, d)`, from the input to the output: kernel size, which is odd, stride
# and dilation. Each layer is padded by `d * (k - 1) // 2` on each side. Write two functions, each of which
# returns an integer.
#
# - `halo(layers)`: how many rows of the picture above its own first row a chunk needs. Its first output reads
#   so far up.
# - `multiple(layers)`: the number of which all chunk sizes but the last must be multiples.


# %% answer="halo"
def halo(layers):
    """Rows of the picture that a chunk needs above its own."""
    ### BEGIN SOLUTION
    rows, jump = 0, 1
    for k, s, d in layers:
        rows += d * (k - 1) // 2 * jump
        jump *= s
    return rows
    ### END SOLUTION


def multiple(layers):
    """What the chunk sizes must be multiples of."""
    ### BEGIN SOLUTION
    product = 1
    for _, s, _ in layers:
        product *= s
    return product
    ### END SOLUTION


# %% test="halo-rows" points=2
expect(halo([(3, 1, 1), (3, 1, 1), (3, 1, 1)]), 3, "three layers of 3 × 3")
### BEGIN HIDDEN TESTS
from convlib import shapes

random = fresh_random()
for count in (1, 2, 3, 4, 5):
    layers = [
        (2 * int(random.integers(1, 4)) + 1, int(random.integers(2, 4)), int(random.integers(2, 5)))
        for _ in range(count)
    ]
    field = shapes.receptive_field([(k, s, d * (k - 1) // 2, d) for k, s, d in layers])
    hints = {
        "A layer behind a stride counts its rows in larger steps.": sum(d * (k // 2) for k, s, d in layers),
        "Above only, not above and below together.": -2 * field.start,
    }
    expect(halo(layers), -field.start, f"layers {layers}", hints, tolerance=0)
### END HIDDEN TESTS

# %% test="halo-multiple" points=1
expect(multiple([(3, 2, 1), (5, 1, 2)]), 2, "one layer with stride 2")
### BEGIN HIDDEN TESTS
random = fresh_random()
for count in (2, 3, 4):
    layers = [(3, int(random.integers(2, 5)), int(random.integers(1, 4))) for _ in range(count)]
    right = int(np.prod([s for k, s, d in layers]))
    hints = {"The second stride counts in steps of the first.": sum(s for k, s, d in layers)}
    expect(multiple(layers), right, f"layers {layers}", hints, tolerance=0)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 In words
#
# A layer slides its kernel over the input without turning it. Explain to somebody who knows this layer, but
# not its backward pass, why the gradient for the input is a sliding dot product with the kernel **turned by
# 180°**. Use a small example with numbers. Say also how wide the ring of zeros around the output gradient
# must be, and why nothing is turned in the gradient for the weight. Six to ten sentences.

# %% [markdown] explain="turned" points=4
# An input number in row u is read by the output in row u − i through the kernel's row i, so what grows on one
# side falls on the other.
