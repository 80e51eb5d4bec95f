# %% answer="costs" name="a depthwise kernel for each output"
weights = multiply_adds = 0
size, c_in = mine["size"], mine["channels"]
for c_out, stride in mine["blocks"]:
    size = (size - 1) // stride + 1
    weights += 9 * c_out + c_in * c_out
    multiply_adds += (9 * c_out + c_in * c_out) * size**2
    c_in = c_out

# %% answer="costs" name="odd sizes are halved and rounded down"
weights = multiply_adds = 0
size, c_in = mine["size"], mine["channels"]
for c_out, stride in mine["blocks"]:
    size = size // stride
    weights += 9 * c_in + c_in * c_out
    multiply_adds += (9 * c_in + c_in * c_out) * size**2
    c_in = c_out

# %% answer="costs" name="the stride stands in the pointwise layer"
weights = multiply_adds = 0
size, c_in = mine["size"], mine["channels"]
for c_out, stride in mine["blocks"]:
    weights += 9 * c_in + c_in * c_out
    multiply_adds += 9 * c_in * size**2
    size = (size - 1) // stride + 1
    multiply_adds += c_in * c_out * size**2
    c_in = c_out

# %% answer="costs" name="a friend's numbers"
friends = variant(f"{COURSE}, small_and_wide", "somebody else", draw)
weights = multiply_adds = 0
size, c_in = friends["size"], friends["channels"]
for c_out, stride in friends["blocks"]:
    size = (size - 1) // stride + 1
    weights += 9 * c_in + c_in * c_out
    multiply_adds += (9 * c_in + c_in * c_out) * size**2
    c_in = c_out


# %% answer="pointwise" name="reshape instead of transpose"
def pointwise(image, weight, bias):
    c, h, w = image.shape
    pixels = image.reshape(h * w, c)
    return (pixels @ weight.T + bias).T.reshape(-1, h, w)


# %% answer="pointwise" name="the bias is left out"
def pointwise(image, weight, bias):
    c, h, w = image.shape
    return (weight @ image.reshape(c, h * w)).reshape(-1, h, w)


# %% answer="grouped" name="kernels dealt out in turn"
def grouped(image, weight, groups):
    c_out, m, kh, kw = weight.shape
    result = np.zeros((c_out, image.shape[1] - kh + 1, image.shape[2] - kw + 1))
    for o, y, x in np.ndindex(result.shape):
        first = o % groups * m
        result[o, y, x] = np.sum(image[first : first + m, y : y + kh, x : x + kw] * weight[o])
    return result


# %% answer="grouped" name="the groups are added"
def grouped(image, weight, groups):
    c_out, m, kh, kw = weight.shape
    of_group = c_out // groups
    result = np.zeros((of_group, image.shape[1] - kh + 1, image.shape[2] - kw + 1))
    for o in range(c_out):
        first = o // of_group * m
        for y, x in np.ndindex(result.shape[1:]):
            window = image[first : first + m, y : y + kh, x : x + kw]
            result[o % of_group, y, x] += np.sum(window * weight[o])
    return result


# %% answer="grouped" name="square kernels only"
def grouped(image, weight, groups):
    c_out, m, k, _ = weight.shape
    result = np.zeros((c_out, image.shape[1] - k + 1, image.shape[2] - k + 1))
    for o, y, x in np.ndindex(result.shape):
        first = o // (c_out // groups) * m
        result[o, y, x] = np.sum(image[first : first + m, y : y + k, x : x + k] * weight[o])
    return result


# %% answer="separable" name="channels of D on the outputs of P"
def separable(image, D, P, stride):
    (c_in, kh, kw), (_, height, width) = D.shape, image.shape
    oh, ow = (height - kh) // stride + 1, (width - kw) // stride + 1
    between = np.zeros((c_in, oh, ow))
    for c, y, x in np.ndindex(between.shape):
        window = image[c, y * stride : y * stride + kh, x * stride : x * stride + kw]
        between[c, y, x] = np.sum(window * D[c])
    return np.tensordot(P, between, 1)


def merge(D, P):
    return P[:, :, None, None] * D[:, None]


# %% answer="separable" name="the channels are added too early"
def separable(image, D, P, stride):
    (c_in, kh, kw), (_, height, width) = D.shape, image.shape
    oh, ow = (height - kh) // stride + 1, (width - kw) // stride + 1
    between = np.zeros((c_in, oh, ow))
    for c, y, x in np.ndindex(between.shape):
        window = image[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
        between[c, y, x] = np.sum(window * D)
    return np.tensordot(P, between, 1)


def merge(D, P):
    return P[:, :, None, None] * D


# %% answer="separable" name="windows begin at every place"
def separable(image, D, P, stride):
    (c_in, kh, kw), (_, height, width) = D.shape, image.shape
    oh, ow = (height - kh) // stride + 1, (width - kw) // stride + 1
    between = np.zeros((c_in, oh, ow))
    for c, y, x in np.ndindex(between.shape):
        between[c, y, x] = np.sum(image[c, y : y + kh, x : x + kw] * D[c])
    return np.tensordot(P, between, 1)


def merge(D, P):
    return P[:, :, None, None] * D


# %% answer="covered" name="no common divisor"
def covered(rates, kernel_size):
    return int(np.gcd.reduce(rates)) == 1


# %% answer="covered" name="HDC"
def covered(rates, kernel_size):
    distance = rates[-1]
    for d in rates[-2:0:-1]:
        distance = max(distance - 2 * d, 2 * d - distance, d)
    return distance <= kernel_size


# %% answer="covered" name="rates are not sorted"
def covered(rates, kernel_size):
    field = 1
    for d in rates:
        if d > field:
            return False
        field += (kernel_size - 1) * d
    return True


# %% answer="covered" name="three taps whatever the size"
def covered(rates, kernel_size):
    places = {0}
    for d in rates:
        places = {place + c * d for place in places for c in range(3)}
    return len(places) == max(places) + 1


# %% answer="stack" name="doubled rates"
stack = [2**layer for layer in range(mine["budget"] // (9 * mine["wide"] ** 2))]

# %% answer="stack" name="doubled until the field is reached"
stack, left = [], (mine["field"] - 1) // 2
while left:
    stack.append(min(2 ** len(stack), left))
    left -= stack[-1]

# %% answer="stack" name="rates that sum to the field"
stack, left, field = [], mine["field"], 1
while left:
    stack.append(min(field, left))
    left -= stack[-1]
    field += 2 * stack[-1]

# %% answer="stack" name="one rate for the whole field"
stack = [(mine["field"] - 1) // 2]
