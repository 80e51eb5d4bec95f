# %% answer="sizes" name="padding on one side"
output = (mine["n"] + mine["p"] - mine["d"] * (mine["k"] - 1) - 1) // mine["s"] + 1
keep = mine["d"] * (mine["k"] - 1)

# %% answer="sizes" name="the gap for the distance"
output = (mine["n"] + 2 * mine["p"] - (mine["d"] + 1) * (mine["k"] - 1) - 1) // mine["s"] + 1
keep = (mine["d"] + 1) * (mine["k"] - 1) // 2

# %% answer="sizes" name="a gap after the last tap"
output = (mine["n"] + 2 * mine["p"] - mine["d"] * mine["k"]) // mine["s"] + 1
keep = mine["d"] * mine["k"] // 2

# %% answer="sizes" name="the dilation is left out"
output = (mine["n"] + 2 * mine["p"] - mine["k"]) // mine["s"] + 1
keep = (mine["k"] - 1) // 2

# %% answer="sizes" name="the first tap is left out, and the rule for three taps"
output = (mine["n"] + 2 * mine["p"] - mine["d"] * (mine["k"] - 1)) // mine["s"] + 1
keep = mine["d"]

# %% answer="sizes" name="rounded up"
output = -(-(mine["n"] + 2 * mine["p"] - mine["d"] * (mine["k"] - 1) - 1) // mine["s"]) + 1
keep = mine["p"] + mine["d"] * (mine["k"] - 1)

# %% answer="sizes" name="a friend's numbers"
mine = variant(f"{COURSE}, borders_and_gaps", "somebody else", draw)
output = (mine["n"] + 2 * mine["p"] - mine["d"] * (mine["k"] - 1) - 1) // mine["s"] + 1
keep = mine["d"] * (mine["k"] - 1) // 2


# %% answer="borders" name="reflect repeats the border"
def sources(n, before, after, mode):
    i = np.arange(-before, n + after)
    if mode == "zeros":
        return np.where((i < 0) | (i >= n), -1, i)
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    if mode == "circular":
        return i % n
    return np.where(i < 0, -1 - i, np.where(i < n, i, 2 * n - 1 - i))


def pad_image(image, sides, mode):
    left, right, top, bottom = sides
    rows = sources(image.shape[1], top, bottom, mode)
    columns = sources(image.shape[2], left, right, mode)
    result = image[:, rows][:, :, columns]
    result[:, rows < 0] = 0
    result[:, :, columns < 0] = 0
    return result


# %% answer="borders" name="minus one is the last element"
def sources(n, before, after, mode):
    i = np.arange(-before, n + after)
    if mode == "zeros":
        return np.where((i < 0) | (i >= n), -1, i)
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    if mode == "circular":
        return i % n
    if mode == "reflect":
        return np.where(i < n, abs(i), 2 * (n - 1) - i)
    return np.where(i < 0, -1 - i, np.where(i < n, i, 2 * n - 1 - i))


def pad_image(image, sides, mode):
    left, right, top, bottom = sides
    rows = sources(image.shape[1], top, bottom, mode)
    columns = sources(image.shape[2], left, right, mode)
    return image[:, rows][:, :, columns]


# %% answer="borders" name="rows before columns"
def sources(n, before, after, mode):
    i = np.arange(-before, n + after)
    if mode == "zeros":
        return np.where((i < 0) | (i >= n), -1, i)
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    if mode == "circular":
        return i % n
    if mode == "reflect":
        return np.where(i < n, abs(i), 2 * (n - 1) - i)
    return np.where(i < 0, -1 - i, np.where(i < n, i, 2 * n - 1 - i))


def pad_image(image, sides, mode):
    top, bottom, left, right = sides
    rows = sources(image.shape[1], top, bottom, mode)
    columns = sources(image.shape[2], left, right, mode)
    result = image[:, rows][:, :, columns]
    result[:, rows < 0] = 0
    result[:, :, columns < 0] = 0
    return result


# %% answer="borders" name="circular begins at the wrong end"
def sources(n, before, after, mode):
    result = list(range(n))
    for i in range(before):
        left = {"zeros": -1, "replicate": 0, "reflect": i + 1, "symmetric": i, "circular": i}
        result.insert(0, left[mode])
    for i in range(after):
        last = n - 1 - i
        right = {"zeros": -1, "replicate": n - 1, "reflect": last - 1, "symmetric": last, "circular": last}
        result.append(right[mode])
    return result


def pad_image(image, sides, mode):
    left, right, top, bottom = sides
    rows = sources(image.shape[1], top, bottom, mode)
    columns = sources(image.shape[2], left, right, mode)
    result = np.zeros((len(image), len(rows), len(columns)))
    for y, x in np.ndindex(result.shape[1:]):
        if rows[y] >= 0 and columns[x] >= 0:
            result[:, y, x] = image[:, rows[y], columns[x]]
    return result


# %% answer="counts" name="the gaps are counted"
def read_counts(n, k, stride, padding, dilation):
    span = dilation * (k - 1) + 1
    counts = np.zeros(n + 2 * padding, int)
    for start in range(0, n + 2 * padding - span + 1, stride):
        counts[start : start + span] += 1
    return counts[padding : padding + n]


# %% answer="counts" name="counts of the padded axis, cut at its end"
def read_counts(n, k, stride, padding, dilation):
    span = dilation * (k - 1) + 1
    counts = np.zeros(n + 2 * padding, int)
    for start in range(0, n + 2 * padding - span + 1, stride):
        counts[start : start + span : dilation] += 1
    return counts[:n]


# %% answer="counts" name="stride one"
def read_counts(n, k, stride, padding, dilation):
    span = dilation * (k - 1) + 1
    counts = np.zeros(n + 2 * padding, int)
    for start in range(n + 2 * padding - span + 1):
        counts[start : start + span : dilation] += 1
    return counts[padding : padding + n]


# %% answer="same" name="the size of the input does not matter"
def pytorch_same(k, dilation):
    total = dilation * (k - 1)
    return total // 2, total - total // 2


def tensorflow_same(n, k, stride, dilation):
    total = max(dilation * (k - 1) + 1 - stride, 0)
    return total // 2, total - total // 2


# %% answer="same" name="the odd one before"
def pytorch_same(k, dilation):
    total = dilation * (k - 1)
    return total - total // 2, total // 2


def tensorflow_same(n, k, stride, dilation):
    outputs = (n + stride - 1) // stride
    total = max((outputs - 1) * stride + dilation * (k - 1) + 1 - n, 0)
    return total - total // 2, total // 2


# %% answer="same" name="less than nothing"
def pytorch_same(k, dilation):
    total = dilation * (k - 1)
    return total // 2, total - total // 2


def tensorflow_same(n, k, stride, dilation):
    outputs = (n + stride - 1) // stride
    total = (outputs - 1) * stride + dilation * (k - 1) + 1 - n
    return total // 2, total - total // 2


# %% answer="same" name="the dilation is left out"
def pytorch_same(k, dilation):
    return (k - 1) // 2, k // 2


def tensorflow_same(n, k, stride, dilation):
    outputs = (n + stride - 1) // stride
    total = max((outputs - 1) * stride + k - n, 0)
    return total // 2, total - total // 2


# %% answer="dilated" name="a gap after the last tap"
def dilated2d(image, weight, dilation):
    dy, dx = dilation
    c_out, _, kh, kw = weight.shape
    result = np.zeros((c_out, max(image.shape[1] - dy * kh + 1, 0), max(image.shape[2] - dx * kw + 1, 0)))
    for o, y, x in np.ndindex(result.shape):
        window = image[:, y : y + dy * kh : dy, x : x + dx * kw : dx]
        result[o, y, x] = np.sum(window * weight[o])
    return result


# %% answer="dilated" name="rows for columns"
def dilated2d(image, weight, dilation):
    dx, dy = dilation
    c_out, _, kh, kw = weight.shape
    oh, ow = image.shape[1] - dy * (kh - 1), image.shape[2] - dx * (kw - 1)
    result = np.zeros((c_out, oh, ow))
    for o, y, x in np.ndindex(result.shape):
        window = image[:, y : y + dy * (kh - 1) + 1 : dy, x : x + dx * (kw - 1) + 1 : dx]
        result[o, y, x] = np.sum(window * weight[o])
    return result


# %% answer="dilated" name="only the first channel"
def dilated2d(image, weight, dilation):
    dy, dx = dilation
    c_out, _, kh, kw = weight.shape
    oh, ow = image.shape[1] - dy * (kh - 1), image.shape[2] - dx * (kw - 1)
    result = np.zeros((c_out, oh, ow))
    for o, y, x in np.ndindex(result.shape):
        window = image[0, y : y + dy * (kh - 1) + 1 : dy, x : x + dx * (kw - 1) + 1 : dx]
        result[o, y, x] = np.sum(window * weight[o, 0])
    return result


# %% answer="dilated" name="the windows begin apart too"
def dilated2d(image, weight, dilation):
    dy, dx = dilation
    c_out, _, kh, kw = weight.shape
    oh, ow = image.shape[1] - dy * (kh - 1), image.shape[2] - dx * (kw - 1)
    result = np.zeros((c_out, oh, ow))
    for o, y, x in np.ndindex(result.shape):
        window = image[:, y : y + dy * (kh - 1) + 1 : dy, x : x + dx * (kw - 1) + 1 : dx]
        result[o, y, x] = np.sum(window * weight[o])
    return result[:, ::dy, ::dx]


# %% answer="shift" name="the output is not shifted"
def shift_error(image, weight, mode, shift):
    shifted = np.roll(image, shift, axis=(1, 2))
    first = reference.conv2d(shifted, weight, padding=1, padding_mode=mode)
    last = reference.conv2d(image, weight, padding=1, padding_mode=mode)
    return np.abs(first - last).max()


# %% answer="shift" name="the mean"
def shift_error(image, weight, mode, shift):
    shifted = np.roll(image, shift, axis=(1, 2))
    first = reference.conv2d(shifted, weight, padding=1, padding_mode=mode)
    last = reference.conv2d(image, weight, padding=1, padding_mode=mode)
    return np.abs(first - np.roll(last, shift, axis=(1, 2))).mean()


# %% answer="shift" name="the sign is kept"
def shift_error(image, weight, mode, shift):
    shifted = np.roll(image, shift, axis=(1, 2))
    first = reference.conv2d(shifted, weight, padding=1, padding_mode=mode)
    last = reference.conv2d(image, weight, padding=1, padding_mode=mode)
    return (first - np.roll(last, shift, axis=(1, 2))).max()


# %% answer="shift" name="only to the right"
def shift_error(image, weight, mode, shift):
    shifted = np.roll(image, shift[1], axis=2)
    first = reference.conv2d(shifted, weight, padding=1, padding_mode=mode)
    last = reference.conv2d(image, weight, padding=1, padding_mode=mode)
    return np.abs(first - np.roll(last, shift[1], axis=2)).max()
