"""How work is cut: into which units, for how many threads. Every threshold of the library stands here.

A unit is a few rows of outputs of one image and one group of channels. Its inputs must fit into a cache, and
there must be enough units that no thread waits long for another at the end.
"""

from convlib.loops.correlation import (
    DEEP_COLUMNS,
    DEEP_VECTORS,
    HAS_DEEP_TILE,
    OUTPUTS_OF_TILE,
    POINTS,
    VECTOR_BYTES,
    WIDE_BLOCK,
    block_of,
)

# A core's second cache holds 512 kB or more; this leaves room for weights and outputs. Measured in one
# thread with 32, 64, 128, 256 and 512 kB: 64 → 64 channels on 56×56 take 13.5, 13.4, 12.9, 13.8, 13.7
# ms, 256 → 256 on 14×14 take 20, 22, 16, 16, 17 ms.
WORKSPACE_BYTES = 1 << 17
# Deep tiles read all weights anew for each unit, so for them it holds more rows: 256 → 256 on 14×14 take 11.8
# ms instead of 12.6.
DEEP_WORKSPACE_BYTES = 1 << 18
# Columns are cut only where a single row of outputs reads more than this: every cut reads a few columns
# twice, and memory is read faster in long pieces. 1×1, 100 → 20 channels on 500×500 take 38 ms with
# pieces of 128 kB, 30 ms with these.
LONGEST_ROW_BYTES = 1 << 18
# Units for each thread, if the work can be cut so often. Threads take the next unit when they are done with
# one, so at the end one waits for at most a quarter of its share.
UNITS_OF_THREAD = 4
# Cuts through the output channels are made only if there would be fewer units for each thread than this, for
# the inputs are copied for each part anew. With so many output channels to a part, copying takes a few
# hundredths of its time.
LEAST_UNITS_OF_THREAD = 3
CHANNELS_OF_PART = 64
# A tile whose vectors hold output channels has to turn what it computed into rows. Measured in one thread, 64
# channels on 56×56, of so many weights each: with 63 it takes 1.14 of the time that vectors of columns take,
# with 126 0.98, with 504 0.94. It is taken where it computes fewer outputs than this part of what they would.
LEAST_DEEP, DEEP_GAINS = 128, 0.95
# Waking a thread takes 5 to 50 microseconds, in which a core does a million multiply-adds. Smaller work
# is done by the thread that called. Where a group has one output channel, every multiply-add loads an input
# of its own, and takes as long as four.
LEAST_MULTIPLY_ADDS = 2_000_000
SINGLE_COSTS = 4

# Winograd's algorithm multiplies a quarter as often, but transforms inputs before and outputs after: it pays
# with so many channels on both sides, and if a transformed kernel is used for so many tiles.
LEAST_CHANNELS = 32
LEAST_TILES = 100
# Columns of its matrix products, a tile each: enough to use every transformed weight often, few enough that
# the transformed inputs of a unit stay in the caches.
MOST_COLUMNS = 96
# Transformed weights stay in a second cache if they are no more than this.
SPECTRUM_BYTES = 1 << 20
# So many output channels are multiplied before they are transformed back.
CHANNELS_OF_PRODUCT = 32

# The nearest cache keeps no more than eight pieces of memory whose distances are multiples of this, and some
# sixty whose distances are multiples of an eighth of it: channels must not lie so far apart.
ALIASED_BYTES = 4096


def threads_pay(multiply_adds, block):
    """Whether more than one thread should work; block : output channels that are computed together"""
    return multiply_adds * (SINGLE_COSTS if block == 1 else 1) >= LEAST_MULTIPLY_ADDS


def block_for(channels, weights, width, itemsize):
    """How many output channels of a group are computed together, in rows of ``width`` outputs.

    channels : the group's output channels; weights : of each of them
    """

    def computed(block, columns):
        return -(-channels // block) * block * -(-width // columns) * columns

    lanes = VECTOR_BYTES // itemsize
    deep = DEEP_VECTORS * lanes
    shallow = computed(WIDE_BLOCK, lanes)
    if HAS_DEEP_TILE and weights >= LEAST_DEEP and computed(deep, DEEP_COLUMNS) < DEEP_GAINS * shallow:
        return deep
    return block_of(channels)


def cut_convolution(outputs, step, extra, phases, channels, blocks, block, others, run, itemsize, threads):
    """Rows, columns and blocks of channels of a unit, the shape of its inputs, and the number of units.

    outputs : rows and columns of the output; step : from one to the next, in the input; extra : elements
    that a window spans along each axis, less one; channels : those of a group; blocks : blocks of output
    channels, of ``block`` each; others : how often all this occurs, for images, groups and depths; run : its
    columns; threads : how many will work
    """
    height, width = outputs
    depths = extra[0] + 1
    halo = max(0, extra[1] + 1 - step[0])  # rows that neighbouring units read too
    room = (DEEP_WORKSPACE_BYTES if block > WIDE_BLOCK else WORKSPACE_BYTES) // itemsize
    layer = channels * depths * phases

    columns, whole = width, 4 * run  # tiles of two and three runs make up four and more
    least = max(1, -(-extra[2] // whole)) * whole  # so that few columns are read twice
    row = layer * ((width - 1) * step[1] + extra[2] + phases) // phases
    if row * (extra[1] + 1) * itemsize > LONGEST_ROW_BYTES:
        fitting = LONGEST_ROW_BYTES // itemsize // (layer * (extra[1] + 1)) - extra[2] // phases
        columns = min(width, max(fitting // whole * whole, least))
    if threads > 1 and others * height < UNITS_OF_THREAD * threads:
        parts = -(-UNITS_OF_THREAD * threads // max(1, others * height))
        columns = min(columns, max(-(-width // (parts * whole)) * whole, least))
    row = layer * ((columns - 1) * step[1] + extra[2] + phases) // phases
    across = -(-width // columns)
    # beyond that room if need be, so that no more than a fifth of the rows are read twice
    rows = min(height, max((room // row - halo) // step[0], 4 * halo // step[0], 1))
    if threads > 1:
        parts = -(-UNITS_OF_THREAD * threads // max(1, others * across))
        rows = min(rows, -(-height // parts))
    down = -(-height // rows)
    rows = -(-height // down)  # as equal as can be

    units, part = others * across * -(-height // rows), blocks
    if threads > 1 and 0 < units < LEAST_UNITS_OF_THREAD * threads:
        parts = -(-UNITS_OF_THREAD * threads // units)
        part = max(min(max(1, CHANNELS_OF_PART // block), blocks), -(-blocks // parts))
    heights = (rows - 1) * step[0] + extra[1] + 1
    wide = ((columns - 1) * step[1] + extra[2]) // phases + 1
    if extra[2] == 0:  # every vector of inputs can begin with a vector's place in memory
        wide += -wide % run
    if depths * heights * phases * wide * itemsize % (ALIASED_BYTES // 8) == 0:
        wide += run
    stored = depths, heights, phases, wide
    return (rows, columns, part), stored, units * -(-blocks // part)


def winograd_pays(channels, c_out, kernel, stride, dilation, batch, output_size):
    """Whether a layer is one for Winograd's algorithm: 3 × 3 in images, many channels, many outputs.

    Outputs that read inputs a dilation apart make tiles of their own.
    """
    if kernel != (1, 3, 3) or stride != (1, 1, 1) or output_size[0] != 1:
        return False
    tiles = batch
    for size, step in zip(output_size[1:], dilation[1:]):
        tiles *= step * -(-size // (OUTPUTS_OF_TILE * step))
    outputs = batch * output_size[1] * output_size[2]
    are_full = 2 * outputs >= OUTPUTS_OF_TILE**2 * tiles  # half of each, on the average
    return min(channels, c_out) >= LEAST_CHANNELS and tiles >= LEAST_TILES and are_full


def cut_winograd(channels, c_out, batch, output_size, dilation, lanes, wide_runs, threads):
    """How ``loops.winograd_into`` cuts its work.

    Returns the cut (rows of tiles of a unit; channels of a product; elements from a channel to the next; from
    a point to the next, of inputs and of products), the number of units, and a thread's elements of rows,
    inputs, products and edges.
    """
    down, across = (-(-size // (OUTPUTS_OF_TILE * d)) for size, d in zip(output_size[1:], dilation[1:]))
    of_all = batch * dilation[1] * dilation[2] * down

    # weights that no second cache holds are read anew for each unit, which takes as long as two runs
    reading = 20 if 4 * POINTS * channels * c_out > SPECTRUM_BYTES else 0

    def time(rows):
        """What the busiest thread computes, in tenths of a run; to begin a tile in registers takes two."""
        runs = -(-rows * across // lanes)
        runs += runs % 2 if wide_runs == 2 else runs == 1  # of what fills up a tile, too
        units = -(-of_all // rows)
        return -(-units // threads) * (10 * runs + 2 * -(-runs // wide_runs) + reading)

    rows = min(range(1, max(1, min(MOST_COLUMNS // across, of_all)) + 1), key=time)
    row = -(-rows * across // lanes) * lanes + lanes
    most_channels = min(CHANNELS_OF_PRODUCT, c_out)

    def plane(count):
        """Room for ``count`` channels of float32; the planes of all points are read in turn."""
        return -(-count * row // (ALIASED_BYTES // 4)) * (ALIASED_BYTES // 4) + 16

    cut = rows, most_channels, row, plane(channels), plane(most_channels)
    # the last vectors read past the last row
    copied = (OUTPUTS_OF_TILE * rows + 2) * (OUTPUTS_OF_TILE * across + 2) + 5 * lanes
    edges = OUTPUTS_OF_TILE**2 * lanes
    return cut, -(-of_all // rows), (copied, POINTS * cut[3], POINTS * cut[4], edges)
