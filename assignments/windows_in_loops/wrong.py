# %% answer="sizes" name="padding on one side"
output = (mine["n"] + mine["p"] - mine["k"]) // mine["s"] + 1
unread = (mine["n"] + mine["p"] - mine["k"]) % mine["s"]

# %% answer="sizes" name="rounded up"
output = -(-(mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"]) + 1
unread = 0

# %% answer="sizes" name="rounded to the nearest"
output = round((mine["n"] + 2 * mine["p"] - mine["k"]) / mine["s"]) + 1
unread = mine["s"] - (mine["n"] + 2 * mine["p"] - mine["k"]) % mine["s"]

# %% answer="sizes" name="the first window is divided by the stride"
output = (mine["n"] + 2 * mine["p"] - mine["k"] + 1) // mine["s"]
unread = (mine["n"] + 2 * mine["p"] - mine["k"] + 1) % mine["s"]

# %% answer="sizes" name="a friend's numbers"
mine = variant(f"{COURSE}, windows_in_loops", "somebody else", draw)
output = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
unread = (mine["n"] + 2 * mine["p"] - mine["k"]) % mine["s"]


# %% answer="conv2d" name="only the first channel"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = weight.shape[2:]
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[0, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o, 0]) + bias[o]
    return result


# %% answer="conv2d" name="the bias is left out"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = weight.shape[2:]
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o])
    return result


# %% answer="conv2d" name="the kernel is turned"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = weight.shape[2:]
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o, :, ::-1, ::-1]) + bias[o]
    return result


# %% answer="conv2d" name="rows and columns have one size"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = weight.shape[2:]
    oh = ow = (padded.shape[1] - kh) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o]) + bias[o]
    return result


# %% answer="conv2d" name="the window moves by one"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = weight.shape[2:]
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y : y + kh, x : x + kw]
                result[o, y, x] = np.sum(window * weight[o]) + bias[o]
    return result


# %% answer="conv2d" name="zeros on two sides"
def conv2d(image, weight, bias, stride, padding):
    padded = np.pad(image, ((0, 0), (padding, 0), (padding, 0)))
    kh, kw = weight.shape[2:]
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(weight), oh, ow))
    for o in range(len(weight)):
        for y in range(oh):
            for x in range(ow):
                window = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
                result[o, y, x] = np.sum(window * weight[o]) + bias[o]
    return result


# %% answer="counts" name="the depth of the kernel is forgotten"
def count_parameters(c_in, c_out, kernel_size):
    return c_out * (kernel_size**2 + 1)


def count_multiply_adds(c_in, c_out, kernel_size, output_size):
    return c_out * kernel_size**2 * output_size[0] * output_size[1]


# %% answer="counts" name="a bias for each input channel"
def count_parameters(c_in, c_out, kernel_size):
    return c_out * c_in * (kernel_size**2 + 1)


def count_multiply_adds(c_in, c_out, kernel_size, output_size):
    return c_out * c_in * kernel_size**2 * output_size[0] * output_size[1]


# %% answer="mended" name="as it was"
def slide(row, kernel, stride):
    results = []
    for start in range(0, len(row) // stride - len(kernel) + 1, stride):
        results.append(row[start : start + len(kernel)] @ kernel)
    return np.array(results)


# %% answer="mended" name="the last window is left out"
def slide(row, kernel, stride):
    return np.array([row[i : i + len(kernel)] @ kernel for i in range(0, len(row) - len(kernel), stride)])
