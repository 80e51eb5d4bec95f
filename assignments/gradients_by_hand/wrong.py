# %% answer="sizes" name="stride times the rows"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = small * mine["s"]
extra = mine["n"] - back

# %% answer="sizes" name="the padding is added"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] + 2 * mine["p"]
extra = 1

# %% answer="sizes" name="the padding on one side"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - mine["p"]
extra = (mine["n"] + mine["p"] - mine["k"]) % mine["s"]

# %% answer="sizes" name="output_padding without the padding"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - 2 * mine["p"]
extra = (mine["n"] - mine["k"]) % mine["s"]

# %% answer="sizes" name="always an output_padding of 1"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - 2 * mine["p"]
extra = 1

# %% answer="sizes" name="what fills up the last window"
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - 2 * mine["p"]
extra = (mine["k"] - mine["n"] - 2 * mine["p"]) % mine["s"]

# %% answer="sizes" name="a friend's numbers"
mine = variant(f"{COURSE}, gradients_by_hand", "somebody else", draw)
small = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
back = (small - 1) * mine["s"] + mine["k"] - 2 * mine["p"]
extra = mine["n"] - back


# %% answer="slopes" name="the kernel is turned before it is spread"
def bias_gradient(grad_output):
    return grad_output.sum(axis=(1, 2))


def weight_gradient(image, weight_shape, grad_output, stride):
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        gradient[o] += grad_output[o, y, x] * window
    return gradient


def image_gradient(image_shape, weight, grad_output, stride):
    kh, kw = weight.shape[2:]
    gradient = np.zeros(image_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        share = grad_output[o, y, x] * weight[o, :, ::-1, ::-1]
        gradient[:, y * stride : y * stride + kh, x * stride : x * stride + kw] += share
    return gradient


# %% answer="slopes" name="a mean over the places"
def bias_gradient(grad_output):
    return grad_output.mean(axis=(1, 2))


def weight_gradient(image, weight_shape, grad_output, stride):
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        gradient[o] += grad_output[o, y, x] * window / grad_output[0].size
    return gradient


def image_gradient(image_shape, weight, grad_output, stride):
    kh, kw = weight.shape[2:]
    gradient = np.zeros(image_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        share = grad_output[o, y, x] * weight[o]
        gradient[:, y * stride : y * stride + kh, x * stride : x * stride + kw] += share
    return gradient


# %% answer="slopes" name="the size of the image is guessed from the output"
def bias_gradient(grad_output):
    return grad_output.sum(axis=(1, 2))


def weight_gradient(image, weight_shape, grad_output, stride):
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        gradient[o] += grad_output[o, y, x] * window
    return gradient


def image_gradient(image_shape, weight, grad_output, stride):
    (c_out, oh, ow), (kh, kw) = grad_output.shape, weight.shape[2:]
    gradient = np.zeros((weight.shape[1], (oh - 1) * stride + kh, (ow - 1) * stride + kw))
    for o, y, x in np.ndindex(c_out, oh, ow):
        share = grad_output[o, y, x] * weight[o]
        gradient[:, y * stride : y * stride + kh, x * stride : x * stride + kw] += share
    return gradient


# %% answer="slopes" name="the stride is forgotten"
def bias_gradient(grad_output):
    return grad_output.sum(axis=(1, 2))


def weight_gradient(image, weight_shape, grad_output, stride):
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        gradient[o] += grad_output[o, y, x] * image[:, y : y + kh, x : x + kw]
    return gradient


def image_gradient(image_shape, weight, grad_output, stride):
    kh, kw = weight.shape[2:]
    gradient = np.zeros(image_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        gradient[:, y : y + kh, x : x + kw] += grad_output[o, y, x] * weight[o]
    return gradient


# %% answer="slopes" name="only the first output channel comes back"
def bias_gradient(grad_output):
    return grad_output.sum(axis=(1, 2))


def weight_gradient(image, weight_shape, grad_output, stride):
    kh, kw = weight_shape[2:]
    gradient = np.zeros(weight_shape)
    for o, y, x in np.ndindex(*grad_output.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        gradient[o] += grad_output[o, y, x] * window
    return gradient


def image_gradient(image_shape, weight, grad_output, stride):
    kh, kw = weight.shape[2:]
    gradient = np.zeros(image_shape)
    for y, x in np.ndindex(*grad_output[0].shape):
        share = grad_output[0, y, x] * weight[0]
        gradient[:, y * stride : y * stride + kh, x * stride : x * stride + kw] += share
    return gradient


# %% answer="nudge" name="only raised"
def nudged(image, kernel, wanted, h):
    slopes, before = np.zeros(kernel.shape), loss(image, kernel, wanted)
    for place in np.ndindex(*kernel.shape):
        step = np.zeros(kernel.shape)
        step[place] = h
        slopes[place] = (loss(image, kernel + step, wanted) - before) / h
    return slopes


# %% answer="nudge" name="divided by h"
def nudged(image, kernel, wanted, h):
    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(*kernel.shape):
        step = np.zeros(kernel.shape)
        step[place] = h
        slopes[place] = (loss(image, kernel + step, wanted) - loss(image, kernel - step, wanted)) / h
    return slopes


# %% answer="nudge" name="a kernel of whole numbers holds no nudge"
def nudged(image, kernel, wanted, h):
    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(*kernel.shape):
        higher, lower = kernel.copy(), kernel.copy()
        higher[place] += h
        lower[place] -= h
        slopes[place] = (loss(image, higher, wanted) - loss(image, lower, wanted)) / (2 * h)
    return slopes


# %% answer="nudge" name="the number is not set back"
def nudged(image, kernel, wanted, h):
    slopes, kernel = np.zeros(kernel.shape), kernel.astype(float)
    for place in np.ndindex(*kernel.shape):
        kernel[place] += h
        higher = loss(image, kernel, wanted)
        kernel[place] -= 2 * h
        slopes[place] = (higher - loss(image, kernel, wanted)) / (2 * h)
    return slopes


# %% answer="mended" name="as it was"
def spread(image, kernel, stride, padding):
    k = len(kernel)
    rows, columns = ((n - 1) * stride + k for n in image.shape)
    output = np.zeros((rows, columns))
    for y, x in np.ndindex(*image.shape):
        window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
        output[window] = image[y, x] * kernel
    return output[padding:-padding, padding:-padding]


# %% answer="mended" name="only the overlap"
def spread(image, kernel, stride, padding):
    k = len(kernel)
    rows, columns = ((n - 1) * stride + k for n in image.shape)
    output = np.zeros((rows, columns))
    for y, x in np.ndindex(*image.shape):
        window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
        output[window] += image[y, x] * kernel
    return output[padding:-padding, padding:-padding]


# %% answer="mended" name="only the padding"
def spread(image, kernel, stride, padding):
    k = len(kernel)
    rows, columns = ((n - 1) * stride + k for n in image.shape)
    output = np.zeros((rows, columns))
    for y, x in np.ndindex(*image.shape):
        window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
        output[window] = image[y, x] * kernel
    return output[padding : rows - padding, padding : columns - padding]


# %% answer="mended" name="the copies are turned"
def spread(image, kernel, stride, padding):
    k = len(kernel)
    rows, columns = ((n - 1) * stride + k for n in image.shape)
    output = np.zeros((rows, columns))
    for y, x in np.ndindex(*image.shape):
        window = (slice(y * stride, y * stride + k), slice(x * stride, x * stride + k))
        output[window] += image[y, x] * kernel[::-1, ::-1]
    return output[padding : rows - padding, padding : columns - padding]


# %% answer="descent" name="a rate that was good once"
def largest_rate(image, kernel_shape):
    return 3 / 7


def learn(image, wanted, kernel_shape, steps):
    kernel = np.zeros(kernel_shape)
    for _ in range(steps):
        error = slide(image, kernel) - wanted
        kernel = kernel - largest_rate(image, kernel_shape) / 2 * 2 / error.size * slide(image, error)
    return kernel


# %% answer="descent" name="a sum instead of a mean"
def largest_rate(image, kernel_shape):
    kh, kw = kernel_shape
    oh, ow = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    met = np.array([image[i : i + oh, j : j + ow].ravel() for i, j in np.ndindex(kh, kw)])
    return 2 / np.linalg.eigvalsh(2 * met @ met.T)[-1]


def learn(image, wanted, kernel_shape, steps):
    kernel, rate = np.zeros(kernel_shape), largest_rate(image, kernel_shape) / 2
    for _ in range(steps):
        error = slide(image, kernel) - wanted
        kernel = kernel - rate * 2 / error.size * slide(image, error)
    return kernel


# %% answer="descent" name="uphill"
def largest_rate(image, kernel_shape):
    kh, kw = kernel_shape
    oh, ow = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    met = np.array([image[i : i + oh, j : j + ow].ravel() for i, j in np.ndindex(kh, kw)])
    return 2 / np.linalg.eigvalsh(2 / (oh * ow) * met @ met.T)[-1]


def learn(image, wanted, kernel_shape, steps):
    kernel, rate = np.zeros(kernel_shape), largest_rate(image, kernel_shape) / 2
    for _ in range(steps):
        error = wanted - slide(image, kernel)
        kernel = kernel - rate * 2 / error.size * slide(image, error)
    return kernel


# %% answer="descent" name="the 2 of the square is forgotten"
def largest_rate(image, kernel_shape):
    kh, kw = kernel_shape
    oh, ow = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    met = np.array([image[i : i + oh, j : j + ow].ravel() for i, j in np.ndindex(kh, kw)])
    return 2 / np.linalg.eigvalsh(met @ met.T / (oh * ow))[-1]


def learn(image, wanted, kernel_shape, steps):
    kernel, rate = np.zeros(kernel_shape), largest_rate(image, kernel_shape) / 2
    for _ in range(steps):
        error = slide(image, kernel) - wanted
        kernel = kernel - rate / error.size * slide(image, error)
    return kernel


# %% answer="halo" name="strides are left out"
def halo(layers):
    return sum(d * (k - 1) // 2 for k, s, d in layers)


def multiple(layers):
    return max(s for k, s, d in layers)


# %% answer="halo" name="both sides, and strides added"
def halo(layers):
    rows, jump = 0, 1
    for k, s, d in layers:
        rows += d * (k - 1) * jump
        jump *= s
    return rows


def multiple(layers):
    return sum(s for k, s, d in layers)


# %% answer="halo" name="the dilation is left out"
def halo(layers):
    rows, jump = 0, 1
    for k, s, _ in layers:
        rows += (k - 1) // 2 * jump
        jump *= s
    return rows


def multiple(layers):
    return int(np.prod([s for k, s, d in layers]))
