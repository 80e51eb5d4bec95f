# %% answer="network" name="padding on one side"
size = mine["n"] + mine["p"] - mine["k"] + 1
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = size // mine["w"]
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * size**2 + 1)

# %% answer="network" name="the convolution keeps the size"
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = mine["n"] // mine["w"]
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * mine["n"] ** 2 + 1)

# %% answer="network" name="the pool rounds up"
size = mine["n"] + 2 * mine["p"] - mine["k"] + 1
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = -(-size // mine["w"])
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * size**2 + 1)

# %% answer="network" name="a pool with stride 1"
size = mine["n"] + 2 * mine["p"] - mine["k"] + 1
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = size - mine["w"] + 1
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * size**2 + 1)

# %% answer="network" name="one channel, one map"
size = mine["n"] + 2 * mine["p"] - mine["k"] + 1
convolution = mine["c_out"] * (mine["k"] ** 2 + 1)
side = size // mine["w"]
head = mine["classes"] * (side**2 + 1)
unpooled = mine["classes"] * (size**2 + 1)

# %% answer="network" name="a friend's numbers"
mine = variant(f"{COURSE}, flips_and_pools", "somebody else", draw)
size = mine["n"] + 2 * mine["p"] - mine["k"] + 1
convolution = mine["c_out"] * (mine["c_in"] * mine["k"] ** 2 + 1)
side = size // mine["w"]
head = mine["classes"] * (mine["c_out"] * side**2 + 1)
unpooled = mine["classes"] * (mine["c_out"] * size**2 + 1)


# %% answer="flip" name="nothing is turned in convolve"
def convolve(row, kernel):
    k = len(kernel)
    padded = np.pad(row, k - 1)
    return np.array([padded[x : x + k] @ kernel for x in range(len(row) + k - 1)])


def correlate(row, kernel):
    k = len(kernel)
    return np.array([row[x : x + k] @ kernel for x in range(len(row) - k + 1)])


def merge(first, second):
    return convolve(first, second)


# %% answer="flip" name="correlate turns its kernel"
def convolve(row, kernel):
    k = len(kernel)
    padded = np.pad(row, k - 1)
    return np.array([padded[x : x + k] @ kernel[::-1] for x in range(len(row) + k - 1)])


def correlate(row, kernel):
    return convolve(row, kernel)[len(kernel) - 1 : len(row)]


def merge(first, second):
    return convolve(first, second)


# %% answer="flip" name="kernels of layers are merged by correlation"
def convolve(row, kernel):
    k = len(kernel)
    padded = np.pad(row, k - 1)
    return np.array([padded[x : x + k] @ kernel[::-1] for x in range(len(row) + k - 1)])


def correlate(row, kernel):
    return convolve(row, kernel[::-1])[len(kernel) - 1 : len(row)]


def merge(first, second):
    return convolve(first, second[::-1])


# %% answer="flip" name="the row must be the longer one"
def convolve(row, kernel):
    n, k = len(row), len(kernel)
    padded = np.concatenate([np.zeros(k - 1), row, np.zeros(k - 1)])
    result = np.zeros(n + k - 1)
    for x in range(n + k - 1):
        for j in range(min(n, k)):
            result[x] += padded[x + j] * kernel[k - 1 - j]
    return result


def correlate(row, kernel):
    return convolve(row, kernel[::-1])[len(kernel) - 1 : len(row)]


def merge(first, second):
    return convolve(first, second)


# %% answer="matrix" name="the kernel is turned"
def matrix_of(kernel, n, stride):
    k = len(kernel)
    matrix = np.zeros(((n - k) // stride + 1, n))
    for y in range(len(matrix)):
        matrix[y, y * stride : y * stride + k] = kernel[::-1]
    return matrix


# %% answer="matrix" name="each line is moved by one"
def matrix_of(kernel, n, stride):
    k = len(kernel)
    matrix = np.zeros(((n - k) // stride + 1, n))
    for y in range(len(matrix)):
        matrix[y, y : y + k] = kernel
    return matrix


# %% answer="head" name="channels last"
def as_kernels(weight, channels, height, width):
    return weight.reshape(len(weight), height, width, channels).transpose(0, 3, 1, 2)


def answers(weight, bias, maps, height, width):
    rows, columns = maps.shape[1] - height + 1, maps.shape[2] - width + 1
    result = np.zeros((len(weight), rows, columns))
    for y, x in np.ndindex(rows, columns):
        cut = maps[:, y : y + height, x : x + width].transpose(1, 2, 0)
        result[:, y, x] = weight @ cut.reshape(-1) + bias
    return result


# %% answer="head" name="the bias is left out"
def as_kernels(weight, channels, height, width):
    return weight.reshape(-1, channels, height, width)


def answers(weight, bias, maps, height, width):
    rows, columns = maps.shape[1] - height + 1, maps.shape[2] - width + 1
    result = np.zeros((len(weight), rows, columns))
    for y, x in np.ndindex(rows, columns):
        result[:, y, x] = weight @ maps[:, y : y + height, x : x + width].ravel()
    return result


# %% answer="pool" name="the maximum is padded with zeros"
def max_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, np.max)


def pool(image, window, stride, padding, of_window):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    rows, columns = ((n - window) // stride + 1 for n in padded.shape[1:])
    result = np.zeros((len(image), rows, columns))
    for c, y, x in np.ndindex(result.shape):
        top, left = y * stride, x * stride
        result[c, y, x] = of_window(padded[c, top : top + window, left : left + window])
    return result


def avg_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, np.mean)


# %% answer="pool" name="zeros are left out of the mean"
def max_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, np.nanmax)


def pool(image, window, stride, padding, of_window):
    sides = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, sides, constant_values=np.nan)
    rows, columns = ((n - window) // stride + 1 for n in padded.shape[1:])
    result = np.zeros((len(image), rows, columns))
    for c, y, x in np.ndindex(result.shape):
        top, left = y * stride, x * stride
        result[c, y, x] = of_window(padded[c, top : top + window, left : left + window])
    return result


def avg_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, np.nanmean)


# %% answer="pool" name="windows side by side, whatever the stride"
def max_pool(image, window, stride, padding):
    return pool(image, window, padding, -np.inf, np.max)


def pool(image, window, padding, border, of_window):
    sides = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, sides, constant_values=border)
    rows, columns = (n // window for n in padded.shape[1:])
    result = np.zeros((len(image), rows, columns))
    for c, y, x in np.ndindex(result.shape):
        top, left = y * window, x * window
        result[c, y, x] = of_window(padded[c, top : top + window, left : left + window])
    return result


def avg_pool(image, window, stride, padding):
    return pool(image, window, padding, 0, np.mean)


# %% answer="pool" name="what hangs over the end is kept"
def max_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, -np.inf, np.max)


def pool(image, window, stride, padding, border, of_window):
    sides = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, sides, constant_values=border)
    tops, lefts = (range(0, n, stride) for n in padded.shape[1:])
    return np.array(
        [[[of_window(m[t : t + window, x : x + window]) for x in lefts] for t in tops] for m in padded]
    )


def avg_pool(image, window, stride, padding):
    return pool(image, window, stride, padding, 0, np.mean)
