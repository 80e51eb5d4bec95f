# %% answer="budget" name="the depth of the kernels is forgotten"
positions = (mine["rows"] - mine["size"] + 1) * (mine["columns"] - mine["size"] + 1)
shared = mine["kernels"] * (mine["size"] ** 2 + 1)
local = shared * positions
full = (mine["rows"] * mine["columns"] * mine["channels"] + 1) * mine["kernels"] * positions

# %% answer="budget" name="no biases"
positions = (mine["rows"] - mine["size"] + 1) * (mine["columns"] - mine["size"] + 1)
shared = mine["kernels"] * mine["channels"] * mine["size"] ** 2
local = shared * positions
full = mine["rows"] * mine["columns"] * mine["channels"] * mine["kernels"] * positions

# %% answer="budget" name="a position for each pixel of the input"
positions = mine["rows"] * mine["columns"]
shared = mine["kernels"] * (mine["channels"] * mine["size"] ** 2 + 1)
local = shared * positions
full = (mine["rows"] * mine["columns"] * mine["channels"] + 1) * mine["kernels"] * positions

# %% answer="budget" name="one bias for each kernel, everywhere"
positions = (mine["rows"] - mine["size"] + 1) * (mine["columns"] - mine["size"] + 1)
weights = mine["kernels"] * mine["channels"] * mine["size"] ** 2
shared = weights + mine["kernels"]
local = weights * positions + mine["kernels"]
full = mine["rows"] * mine["columns"] * mine["channels"] * mine["kernels"] * positions + mine["kernels"]

# %% answer="budget" name="a friend's numbers"
mine = variant(f"{COURSE}, filters_and_budgets", "somebody else", draw)
positions = (mine["rows"] - mine["size"] + 1) * (mine["columns"] - mine["size"] + 1)
shared = mine["kernels"] * (mine["channels"] * mine["size"] ** 2 + 1)
local = shared * positions
full = (mine["rows"] * mine["columns"] * mine["channels"] + 1) * mine["kernels"] * positions


# %% answer="edges" name="the kernels are turned"
def sobel(picture):
    framed = np.pad(picture.astype(float), 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return np.stack([rows[:, :-2] - rows[:, 2:], columns[:-2] - columns[2:]])


def edge_strength(picture):
    return np.sqrt(np.sum(sobel(picture) ** 2, axis=0))


# %% answer="edges" name="the frame is 0"
def sobel(picture):
    framed = np.pad(picture.astype(float), 1)
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return np.stack([rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]])


def edge_strength(picture):
    return np.sqrt(np.sum(sobel(picture) ** 2, axis=0))


# %% answer="edges" name="numbers of 8 bits wrap around"
def sobel(picture):
    framed = np.pad(picture, 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return np.stack([rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]])


def edge_strength(picture):
    return np.sqrt(np.sum(sobel(picture).astype(float) ** 2, axis=0))


# %% answer="edges" name="negative outputs are cut off"
def sobel(picture):
    framed = np.pad(picture.astype(float), 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return np.stack([rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]]).clip(0, 255)


def edge_strength(picture):
    return np.sqrt(np.sum(sobel(picture) ** 2, axis=0))


# %% answer="edges" name="absolute values instead of squares"
def sobel(picture):
    framed = np.pad(picture.astype(float), 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return np.stack([rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]])


def edge_strength(picture):
    return np.abs(sobel(picture)).sum(axis=0)


# %% answer="diagonal" name="not divided"
diagonal = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]

# %% answer="diagonal" name="the other diagonal"
diagonal = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]) / 6

# %% answer="diagonal" name="two pixels only"
diagonal = np.diag([-0.5, 0, 0.5])


# %% answer="layouts" name="all axes are reversed"
def maps_to_pytorch(maps):
    return maps.transpose(0, 3, 2, 1)


def kernels_to_pytorch(weight):
    return weight.T


def depthwise_to_pytorch(weight):
    return weight.T.reshape(-1, 1, *weight.shape[:2])


# %% answer="layouts" name="a new shape instead of other axes"
def maps_to_pytorch(maps):
    n, h, w, c = maps.shape
    return maps.reshape(n, c, h, w)


def kernels_to_pytorch(weight):
    kh, kw, c_in, c_out = weight.shape
    return weight.reshape(c_out, c_in, kh, kw)


def depthwise_to_pytorch(weight):
    kh, kw, c, m = weight.shape
    return weight.reshape(c * m, 1, kh, kw)


# %% answer="layouts" name="depthwise kernels like ordinary ones"
def maps_to_pytorch(maps):
    return np.moveaxis(maps, 3, 1)


def kernels_to_pytorch(weight):
    return weight.transpose(3, 2, 0, 1)


def depthwise_to_pytorch(weight):
    kernels = kernels_to_pytorch(weight)
    return kernels.reshape(-1, 1, *kernels.shape[2:])


# %% answer="stack" name="a layer's own stride counts"
def follow(size, channels, layers):
    field, jump, rows = 1, 1, []
    for kernels, kernel_size, stride, padding in layers:
        size = (size + 2 * padding - kernel_size) // stride + 1
        jump *= stride
        field += (kernel_size - 1) * jump
        rows.append([size, field, kernels * (channels * kernel_size**2 + 1)])
        channels = kernels
    return rows


# %% answer="stack" name="the padding is counted once"
def follow(size, channels, layers):
    field, jump, rows = 1, 1, []
    for kernels, kernel_size, stride, padding in layers:
        size = (size + padding - kernel_size) // stride + 1
        field += (kernel_size - 1) * jump
        jump *= stride
        rows.append([size, field, kernels * (channels * kernel_size**2 + 1)])
        channels = kernels
    return rows


# %% answer="stack" name="rounded up"
def follow(size, channels, layers):
    field, jump, rows = 1, 1, []
    for kernels, kernel_size, stride, padding in layers:
        size = -(-(size + 2 * padding - kernel_size) // stride) + 1
        field += (kernel_size - 1) * jump
        jump *= stride
        rows.append([size, field, kernels * (channels * kernel_size**2 + 1)])
        channels = kernels
    return rows


# %% answer="stack" name="every layer reads the input's channels"
def follow(size, channels, layers):
    field, jump, rows = 1, 1, []
    for kernels, kernel_size, stride, padding in layers:
        size = (size + 2 * padding - kernel_size) // stride + 1
        field += (kernel_size - 1) * jump
        jump *= stride
        rows.append([size, field, kernels * (channels * kernel_size**2 + 1)])
    return rows


# %% answer="shifts" name="the map is not moved"
def shift_error(picture, kernel, stride, shift):
    before = ring_layer(picture, kernel, stride)
    after = ring_layer(np.roll(picture, shift, axis=1), kernel, stride)
    return np.abs(before - after).max()


# %% answer="shifts" name="moved along the rows"
def shift_error(picture, kernel, stride, shift):
    before = ring_layer(picture, kernel, stride)
    after = ring_layer(np.roll(picture, shift, axis=0), kernel, stride)
    return min(np.abs(np.roll(before, move, axis=0) - after).max() for move in range(len(before)))


# %% answer="shifts" name="the map moves by as many cells as the picture by pixels"
def shift_error(picture, kernel, stride, shift):
    before = ring_layer(picture, kernel, stride)
    after = ring_layer(np.roll(picture, shift, axis=1), kernel, stride)
    return np.abs(np.roll(before, shift, axis=1) - after).max()
