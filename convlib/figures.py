"""Still figures: arrays in, (figure, axes) out.

The last line of a cell, ``show_numbers(array)``, displays the figure with a text alternative made from what
it shows. The same text is the cell's text output, so a changed number is a changed output. Every figure
stands on its own light card, readable in the light and the dark theme, and keeps numbers legible on a page of
360 pixels. What colour tells, a frame, a title or the number itself tells too.
"""

import base64
import io
import math
import textwrap

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from convlib.arguments import PADDING_MODES
from convlib.functional import conv2d, pad, pad_mode

__all__ = [
    "Shown",
    "show_bars",
    "show_grids",
    "show_lines",
    "show_numbers",
    "show_padding",
    "show_pictures",
    "show_read_counts",
    "show_sliding_window",
]

PAPER, INK, LINE = "#fbfaf6", "#1c1c1c", "#9a968c"
PLAIN, WINDOW, RING, KERNEL, OUTPUT = "#ffffff", "#ffd58a", "#d3e3f3", "#e6dcf0", "#8fd6bd"
WINDOW_EDGE = "#a33c00"

CELL = 0.5  # inches: the side of a number's cell, and the unit of length in every grid figure
MARGIN = 0.35  # cells around everything
GAP = 0.75  # cells between two grids
TITLE = 0.85  # cells above a grid for its title
FONT = 16  # points, of titles and sums
PAGE = 6.4  # inches: the width of a row of pictures
PIXELS_PER_INCH = 100  # on the page
MOST_NUMBERS = 16  # rows or columns of numbers that anyone can still read
MOST_CELLS = 13  # cells beside each other that stay legible on a phone
# Okabe and Ito's colours, darkened for the light card, each with dashes of its own
CURVES = (("#0060a8", "-"), ("#b34700", "--"), ("#00785a", "-."), ("#8a3a78", ":"))


class Shown(tuple):
    """A pair (figure, axes) that a notebook displays as a picture with a text alternative.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes or ndarray of them
    alt : str
        What the figure shows, in words and numbers.
    sharpness : float
        Pixels of the file for each pixel of the page. Photographs take 1: two would make a file of
        megabytes and show nothing more.

    Examples
    --------
    >>> figure, axes = shown = show_numbers(np.array([[1, 2], [3, 4]]))
    >>> shown
    2 × 2 numbers. Rows: 1 2; 3 4.
    """

    def __new__(cls, figure, axes, alt, sharpness=2):
        shown = super().__new__(cls, (figure, axes))
        shown.alt, shown.sharpness = alt, sharpness
        return shown

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        """What IPython displays: the picture, its alternative, and its width on the page."""
        figure, _ = self
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=self.sharpness * PIXELS_PER_INCH)
        data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": self.alt}
        width = round(figure.get_figwidth() * PIXELS_PER_INCH)
        return data, {"image/png": {"alt": self.alt, "width": width}}


def show_numbers(array, title="", window=None):
    """A grid of numbers, one window of it marked.

    Parameters
    ----------
    array : array of shape (H, W)
        At most 16 rows and columns.
    title : str
    window : (row, column, height, width), optional
        The cells to mark; row and column are those of the window's first cell.

    Returns
    -------
    Shown
        (figure, axes); one unit of the axes is one cell, row 0 on top.

    Raises
    ------
    ValueError
        ``array`` is not a grid of readable size, or ``window`` does not lie inside of it.
    """
    array = as_grid("show_numbers", "array", array)
    as_window("show_numbers", "window", window, array.shape)
    top = TITLE if title else 0
    width = max(array.shape[1], text_width(title))
    figure, axes = card(width, top + len(array))
    draw_marked(axes, array, (width - array.shape[1]) / 2, top, title, window)
    return Shown(figure, axes, spoken_grid(array, title, window))


def show_grids(arrays, titles=None, windows=None, columns=None):
    """Several grids of numbers beside each other: channels, frames, the slices of a kernel.

    Parameters
    ----------
    arrays : array or list of arrays of shape (H, W)
        Each at most 16 rows and columns.
    titles : str or list of str, optional
        One for each grid.
    windows : list, optional
        For each grid the cells to mark, (row, column, height, width) as in ``show_numbers``, or None.
    columns : int, optional
        Grids in a row; by default as many as stay legible on a phone.

    Returns
    -------
    Shown
        (figure, axes); one unit of the axes is one cell.

    Raises
    ------
    ValueError
        There is no grid, one is not of readable size, a window does not lie inside its grid, or titles or
        windows do not number as many as grids.
    """
    function = "show_grids"
    grids = [as_grid(function, f"arrays[{i}]", array) for i, array in enumerate(arrays)]
    if not grids:
        raise ValueError(f"{function}: arrays is empty")
    titles = one_for_each(function, "titles", "" if titles is None else titles, str, len(grids), "grids")
    windows = one_for_each(function, "windows", windows, type(None), len(grids), "grids")
    for i, (grid, window) in enumerate(zip(grids, windows)):
        as_window(function, f"windows[{i}]", window, grid.shape)
    top = TITLE if any(titles) else 0
    width = max(max(grid.shape[1], text_width(title)) for grid, title in zip(grids, titles))
    columns = min(columns or max(1, int((MOST_CELLS + GAP) / (width + GAP))), len(grids))
    heights = [max(map(len, grids[i : i + columns])) for i in range(0, len(grids), columns)]
    tops = np.cumsum([0, *(top + height + GAP for height in heights)])
    figure, axes = card(columns * (width + GAP) - GAP, tops[-1] - GAP)
    alt = []
    for i, (grid, title, window) in enumerate(zip(grids, titles, windows)):
        left = i % columns * (width + GAP) + (width - grid.shape[1]) / 2
        draw_marked(axes, grid, left, tops[i // columns] + top, title, window)
        alt.append(spoken_grid(grid, title, window))
    return Shown(figure, axes, " ".join(alt))


def show_lines(curves, x=None, xlabel="", ylabel="", title="", log=()):
    """Curves over one axis, told apart by dashes, lightness and a label at each.

    Parameters
    ----------
    curves : dict of str to array of shape (n,)
        Up to four curves by their labels.
    x : array of shape (n,), optional
        Where the numbers lie; by default 0, 1, 2 …
    xlabel, ylabel, title : str
    log : "x", "y" or both, optional
        Axes with a logarithmic scale.

    Returns
    -------
    Shown
        (figure, axes)

    Raises
    ------
    ValueError
        There is no curve or more than four, one has another length than ``x``, or an axis is unknown.
    """
    function = "show_lines"
    curves = {label: np.asarray(curve, float) for label, curve in curves.items()}
    if not 1 <= len(curves) <= len(CURVES):
        raise ValueError(f"{function}: curves must number 1 to {len(CURVES)}, got {len(curves)}")
    x = np.arange(len(next(iter(curves.values())))) if x is None else np.asarray(x)
    for label, curve in curves.items():
        if curve.shape != x.shape or curve.ndim != 1 or curve.size == 0:
            raise ValueError(
                f"{function}: curve {label!r} has shape {curve.shape}, but x has shape {x.shape}; "
                "both must be (n,)"
            )
    if unknown := set(log) - {"x", "y"}:
        raise ValueError(f"{function}: log names axes among x and y, got {sorted(unknown)}")
    figure = Figure(figsize=(PAGE, 0.6 * PAGE), facecolor=PAPER, layout="constrained")
    axes = figure.subplots()
    for (label, curve), (colour, dashes) in zip(curves.items(), CURVES):
        marker = "o" if curve.size <= MOST_NUMBERS else None
        axes.plot(x, curve, dashes, label=label, color=colour, linewidth=2.5, marker=marker)
    style_axes(axes, xlabel, ylabel, title)
    if np.issubdtype(x.dtype, np.integer):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    if len(curves) > 1:
        figure.legend(loc="outside lower center", ncols=2, fontsize=FONT, frameon=False, labelcolor=INK)
    said = [spoken_curve(label, x, curve) for label, curve in curves.items()]
    name = title or f"{ylabel or 'numbers'} over {xlabel or 'their index'}"
    return Shown(figure, axes, f"{name}. {' '.join(said)}")


def show_bars(values, title="", unit="", log=False):
    """Horizontal bars, the number at each: parameters, multiply-adds, times.

    Parameters
    ----------
    values : dict of str to number
        Not negative, by label; the first is on top.
    title : str
    unit : str
        Stands below the axis.
    log : bool
        Logarithmic scale, for numbers that differ by orders of magnitude; then all must be positive.

    Returns
    -------
    Shown
        (figure, axes)

    Raises
    ------
    ValueError
        There is no bar, or a number is negative, or zero on a logarithmic scale.
    """
    function = "show_bars"
    if not values:
        raise ValueError(f"{function}: values is empty")
    labels, lengths = list(values), np.array(list(values.values()), float)
    if lengths.min() < 0 or (log and lengths.min() == 0):
        raise ValueError(
            f"{function}: values must be {'positive' if log else 'at least 0'}, got {lengths.min():g}"
        )
    labels_wide = [filled(label, 18) for label in labels]
    lines = sum(label.count("\n") + 1 for label in labels_wide)
    figure = Figure(
        figsize=(PAGE, 1.2 + 0.22 * lines + 0.3 * len(labels)), facecolor=PAPER, layout="constrained"
    )
    axes = figure.subplots()
    axes.barh(range(len(labels)), lengths, color=CURVES[0][0], height=0.6)
    style_axes(axes, unit, "", title)
    axes.set_yticks(range(len(labels)), labels=labels_wide)
    axes.invert_yaxis()
    if log:
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.set_xlim(low, high * (high / low) ** 0.5)
    else:
        axes.set_xlim(0, 1.35 * max(lengths.max(), 1e-9))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:,g}")
    printed = [f"{length:,.0f}" if length == round(length) else f"{length:,.3g}" for length in lengths]
    for row, (length, text) in enumerate(zip(lengths, printed)):
        axes.annotate(
            text, (length, row), (5, 0), textcoords="offset points", va="center", size=FONT - 3, color=INK
        )
    said = "; ".join(f"{label} {text}" for label, text in zip(labels, printed))
    return Shown(figure, axes, f"{title + ': ' if title else ''}bars{', ' + unit if unit else ''}. {said}.")


def show_sliding_window(
    input, kernel, row, column, bias=0, stride=1, padding=0, dilation=1, padding_mode="zeros"
):
    """One step of a convolution: the window in the input, the kernel, the output, and the sum written out.

    Parameters
    ----------
    input : array of shape (H, W)
    kernel : array of shape (KH, KW)
    row, column : int
        Of the output whose window is shown.
    bias : number
        Added to every sum.
    stride, padding, dilation, padding_mode
        As in ``conv2d``, ``padding`` in numbers.

    Returns
    -------
    Shown
        (figure, axes); one unit of the axes is one cell.

    Raises
    ------
    TypeError, ValueError
        An array is not a grid of readable size, ``conv2d`` refuses the arguments, or the output has no such
        row and column.
    """
    function = "show_sliding_window"
    input = as_grid(function, "input", input).astype(float)
    kernel = as_grid(function, "kernel", kernel).astype(float)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    output = conv2d(input[None], kernel[None, None], **settings)[0] + bias
    if not (0 <= row < output.shape[0] and 0 <= column < output.shape[1]):
        raise ValueError(
            f"{function}: the output has shape {output.shape}, so there is no row {row}, column {column}"
        )
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    padded = pad(input, (pw, pw, ph, ph), pad_mode(padding_mode))
    span = (row * sh, column * sw, dh * (kernel.shape[0] - 1) + 1, dw * (kernel.shape[1] - 1) + 1)
    taps = np.ix_(range(span[0], span[0] + span[2], dh), range(span[1], span[1] + span[3], dw))

    colours = ring_colours(input.shape, (ph, pw))
    colours[taps] = WINDOW
    here = np.full(output.shape, PLAIN)
    here[row, column] = OUTPUT
    lines = sum_lines(padded[taps], kernel, bias, output[row, column], f"output[{row}, {column}]")

    right = padded.shape[1] + GAP
    below_kernel = TITLE + kernel.shape[0] + GAP + 0.2
    grids_bottom = max(TITLE + padded.shape[0], below_kernel + TITLE - 0.3 + output.shape[0])
    grids_right = right + max(kernel.shape[1], output.shape[1], text_width("output"))
    figure, axes = card(
        max(grids_right, *(text_width(line) for line in lines)), grids_bottom + 0.5 + 0.75 * len(lines)
    )
    draw_grid(axes, padded, 0, TITLE, "padded input" if max(ph, pw) else "input", colours)
    outline(axes, 0, TITLE, span)
    if max(ph, pw):
        outline(axes, 0, TITLE, (ph, pw, *input.shape), INK, 1.6)
    draw_grid(axes, kernel, right, TITLE, "kernel", np.full(kernel.shape, KERNEL))
    draw_grid(axes, output, right, below_kernel + TITLE - 0.3, "output", here)
    outline(axes, right, below_kernel + TITLE - 0.3, (row, column, 1, 1))
    for i, line in enumerate(lines):
        axes.text(0, grids_bottom + 0.5 + 0.75 * (i + 0.5), line, size=FONT, color=INK, va="center")
    alt = (
        f"A {kernel.shape[0]} × {kernel.shape[1]} kernel on {' × '.join(map(str, padded.shape))} numbers"
        f"{' with their padding' if max(ph, pw) else ''}, its window's first cell at row {span[0]}, "
        f"column {span[1]}. {' '.join(lines)}. Output rows: {spoken_rows(output)}"
    )
    return Shown(figure, axes, alt)


def show_padding(array, padding=1, modes=PADDING_MODES):
    """A grid of numbers padded in one or several modes, the added ring tinted.

    Parameters
    ----------
    array : array of shape (H, W)
    padding : int or (int, int)
        Rows and columns added on each side.
    modes : str or sequence of str
        Among "zeros", "reflect", "replicate", "circular"; two stand beside each other.

    Returns
    -------
    Shown
        (figure, axes); one unit of the axes is one cell.

    Raises
    ------
    TypeError, ValueError
        ``array`` is not a grid of readable size, or ``pad`` refuses the padding.
    """
    array = as_grid("show_padding", "array", array)
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    ph, pw = pair(padding)
    padded = {
        mode: as_grid(
            "show_padding",
            "the padded array",
            pad(array, (pw, pw, ph, ph), pad_mode(mode)),
        )
        for mode in modes
    }
    height, width = array.shape[0] + 2 * ph, max(array.shape[1] + 2 * pw, text_width("replicate"))
    columns = min(2, len(modes))
    rows = math.ceil(len(modes) / columns)
    figure, axes = card(columns * width + (columns - 1) * GAP, rows * (TITLE + height) + (rows - 1) * GAP / 2)
    for i, (mode, grid) in enumerate(padded.items()):
        left, top = i % columns * (width + GAP), i // columns * (TITLE + height + GAP / 2) + TITLE
        draw_grid(axes, grid, left, top, mode, ring_colours(array.shape, (ph, pw)))
        outline(axes, left, top, (ph, pw, *array.shape), INK, 1.6)
    if len(modes) == 1:
        numbers = f"Mode {modes[0]}, rows: {spoken_rows(padded[modes[0]])}"
    else:
        by_mode = (f"{mode} {' '.join(short_numbers(grid[ph]))}" for mode, grid in padded.items())
        numbers = f"The row of the first number in each mode: {'; '.join(by_mode)}."
    before = " × ".join(map(str, array.shape))
    alt = f"{before} numbers, padded by {ph} above and below, by {pw} left and right. {numbers}"
    return Shown(figure, axes, alt)


def show_read_counts(counts, title="How many windows read each element"):
    """A heat map of counts, the count in each cell; the darker, the more often read.

    Parameters
    ----------
    counts : array of shape (H, W)
        Not negative.
    title : str

    Returns
    -------
    Shown
        (figure, axes); one unit of the axes is one cell.

    Raises
    ------
    ValueError
        ``counts`` is not a grid of readable size, or one is negative.
    """
    counts = as_grid("show_read_counts", "counts", counts)
    if counts.min() < 0:
        raise ValueError(f"show_read_counts: counts must not be negative, got {counts.min()}")
    # the darkest of the scale would swallow the lines between the cells
    shade = 0.85 * Normalize(0, max(counts.max(), 1))(counts)
    colours = colormaps["Blues"](shade)
    lines = filled(title, max(20, int(counts.shape[1] / text_width("n"))))
    top = TITLE * (lines.count("\n") + 1) if title else 0
    width = max([counts.shape[1], *map(text_width, lines.split("\n"))])
    figure, axes = card(width, top + counts.shape[0])
    draw_grid(axes, counts, (width - counts.shape[1]) / 2, top, lines, colours)
    size = " × ".join(map(str, counts.shape))
    alt = f"{title + ': ' if title else ''}{size} counts. Rows: {spoken_rows(counts)}"
    return Shown(figure, axes, alt)


def show_pictures(pictures, titles=None, signed=False, limits=(0, 255), columns=None):
    """Pictures and feature maps beside each other.

    Parameters
    ----------
    pictures : array or list of arrays of shape (H, W), grey, or (3, H, W), red, green and blue
    titles : str or list of str, optional
        One for each picture.
    signed : bool or list of bool
        Whether a grey picture is a map of positive and negative numbers. All of these share one scale with
        zero, white, in the middle: red above, blue below. It ends where all but one in a hundred numbers
        lie, so that a few extremes do not leave the rest pale; the ends are then marked ≤ and ≥.
    limits : (float, float)
        Black and white of the other pictures; what lies outside is cut.
    columns : int, optional
        Pictures in a row; by default up to three, and two when there are four.

    Returns
    -------
    Shown
        (figure, axes), the axes an array with one for each picture.

    Raises
    ------
    ValueError
        There is no picture, one has another shape, or titles or signs do not number as many as pictures.
    """
    function = "show_pictures"
    pictures = list(pictures) if isinstance(pictures, list | tuple) else [pictures]
    pictures = [as_picture(function, i, picture) for i, picture in enumerate(pictures)]
    if not pictures:
        raise ValueError(f"{function}: pictures is empty")
    titles = one_for_each(function, "titles", "" if titles is None else titles, str, len(pictures))
    signed = one_for_each(function, "signed", signed, bool | np.bool_, len(pictures))
    for i, (picture, sign) in enumerate(zip(pictures, signed)):
        if sign and picture.ndim == 3:
            raise ValueError(f"{function}: pictures[{i}] has three colours, so it cannot be signed")
    columns = columns or (2 if len(pictures) == 4 else min(3, len(pictures)))
    reach, cut = signed_reach([picture for picture, sign in zip(pictures, signed) if sign])

    figure, axes = picture_card(pictures, titles, columns, with_scale=any(signed))
    for panel, picture, title, sign in zip(axes, pictures, titles, signed):
        low, high = (-reach, reach) if sign else limits
        shown = picture if picture.ndim == 2 else np.moveaxis(Normalize(low, high, clip=True)(picture), 0, -1)
        image = panel.imshow(shown, cmap="RdBu_r" if sign else "gray", vmin=low, vmax=high)
        if sign:
            scale_of = image
        panel.set_title(wrapped(title, columns), size=FONT, color=INK)
    if any(signed):
        scale = figure.colorbar(scale_of, ax=list(axes), location="bottom", aspect=30, pad=0.03)
        low, middle, high = short_numbers([-reach, 0, reach])
        scale.set_ticks(
            [-reach, 0, reach], labels=[f"≤ {low}", middle, f"≥ {high}"] if cut else [low, middle, high]
        )
        scale.ax.tick_params(labelsize=FONT, labelcolor=INK)
        for label, side in zip(scale.ax.get_xticklabels(), ("left", "center", "right")):
            label.set_horizontalalignment(side)
        scale.outline.set_edgecolor(LINE)
    alt = " ".join(map(spoken_picture, titles, pictures, signed))
    return Shown(figure, axes, alt, sharpness=1)


# Checking what is drawn


def as_grid(function, name, array):
    """A two-dimensional array that is small enough to be read number by number."""
    array = np.asarray(array)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{function}: {name} must have shape (H, W), got {array.shape}")
    if max(array.shape) > MOST_NUMBERS:
        raise ValueError(
            f"{function}: {name} has shape {array.shape}, more than {MOST_NUMBERS} × {MOST_NUMBERS} numbers "
            "cannot be read; show a part of it, or use show_pictures"
        )
    return array


def as_picture(function, index, picture):
    """An array of shape (H, W) or (3, H, W)."""
    picture = np.asarray(picture)
    if picture.size == 0 or not (picture.ndim == 2 or (picture.ndim == 3 and len(picture) == 3)):
        raise ValueError(
            f"{function}: pictures[{index}] must have shape (H, W) or (3, H, W), got {picture.shape}"
        )
    return picture


def as_window(function, name, window, shape):
    """Refuses a window (row, column, height, width) that does not lie inside of a grid; None is none."""
    if window is None:
        return
    row, column, height, width = window
    if min(row, column) < 0 or row + height > shape[0] or column + width > shape[1]:
        raise ValueError(
            f"{function}: {name} {tuple(window)} (row, column, height, width) does not lie inside "
            f"of an array of shape {shape}"
        )


def signed_reach(maps):
    """Where a scale for signed maps ends on both sides, and whether some numbers lie beyond."""
    sizes = np.abs(np.concatenate([np.ravel(values) for values in maps])) if maps else np.ones(1)
    reach = float(f"{np.percentile(sizes, 99):.1g}")
    if 0 < reach < sizes.max():
        return reach, True
    digit = 10.0 ** np.floor(np.log10(sizes.max() or 1) - 1)  # two digits are enough on a scale
    return float(np.ceil(sizes.max() / digit) * digit) or 1, False


def one_for_each(function, name, value, kind, count, what="pictures"):
    """A list of ``count`` values; a single one stands for all."""
    values = [value] * count if isinstance(value, kind) else list(value)
    if len(values) != count:
        raise ValueError(f"{function}: {name} has {len(values)} entries for {count} {what}")
    return values


def pair(value):
    """One integer for rows and columns, or (rows, columns)."""
    return tuple(value) if np.iterable(value) else (value, value)


# Drawing


def card(width, height):
    """A blank card and axes over all of it, measured in cells, with row 0 on top."""
    width, height = width + 2 * MARGIN, height + 2 * MARGIN
    figure = Figure(figsize=(width * CELL, height * CELL), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-MARGIN, width - MARGIN), ylim=(height - MARGIN, -MARGIN))
    axes.set_axis_off()
    return figure, axes


def picture_card(pictures, titles, columns, with_scale):
    """A card with axes without ticks for each picture, in rows."""
    rows = math.ceil(len(pictures) / columns)
    each = min(PAGE / columns, 0.6 * PAGE)
    tallest = max(picture.shape[-2] / picture.shape[-1] for picture in pictures)
    lines = max(wrapped(title, columns).count("\n") + 1 if title else 0 for title in titles)
    height = rows * (each * tallest + 0.1 + 0.25 * lines) + 0.75 * with_scale
    figure = Figure(figsize=(each * columns, height), facecolor=PAPER, layout="compressed")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in axes:
        panel.set_axis_off()
    return figure, axes[: len(pictures)]


def draw_grid(axes, array, left, top, title, colours):
    """One square per number, with its first corner at (left, top); a colour for each."""
    height, width = array.shape
    labels = np.reshape(short_numbers(array.ravel()), array.shape)
    size = 72 * CELL * min(0.5, 1.25 / max(map(len, labels.flat)))
    for y in range(height):
        for x in range(width):
            cell = Rectangle((left + x, top + y), 1, 1, facecolor=colours[y, x], edgecolor=LINE, linewidth=1)
            axes.add_patch(cell)
            axes.text(
                left + x + 0.5, top + y + 0.52, labels[y, x], size=size, ha="center", va="center",
                color=readable_on(cell.get_facecolor()),
            )  # fmt: skip
    if title:
        axes.text(left + width / 2, top - 0.2, title, size=FONT, color=INK, ha="center", va="bottom")


def draw_marked(axes, array, left, top, title, window):
    """A grid of numbers, the cells of one window (row, column, height, width) coloured and framed."""
    colours = np.full(array.shape, PLAIN)
    if window is not None:
        row, column, height, width = window
        colours[row : row + height, column : column + width] = WINDOW
    draw_grid(axes, array, left, top, title, colours)
    if window is not None:
        outline(axes, left, top, window)


def style_axes(axes, xlabel, ylabel, title):
    """Axes of a chart in the book's colours and sizes."""
    axes.set_facecolor(PLAIN)
    axes.set_title(filled(title, 42), size=FONT, color=INK)
    axes.set_xlabel(xlabel, size=FONT, color=INK)
    axes.set_ylabel(ylabel, size=FONT, color=INK)
    axes.tick_params(labelsize=FONT - 3, labelcolor=INK, color=LINE)
    axes.grid(color="#e4e1d8")
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(LINE)


def outline(axes, left, top, window, colour=WINDOW_EDGE, line_width=3.5):
    """A frame around the cells (row, column, height, width) of the grid at (left, top)."""
    row, column, height, width = window
    axes.add_patch(
        Rectangle(
            (left + column, top + row), width, height, fill=False, edgecolor=colour, linewidth=line_width
        )
    )


def ring_colours(size, padding):
    """Colours of a padded grid: the added ring tinted."""
    colours = np.full([n + 2 * p for n, p in zip(size, padding)], RING)
    (ph, pw), (height, width) = padding, size
    colours[ph : ph + height, pw : pw + width] = PLAIN
    return colours


def readable_on(colour):
    """Black or white, whichever has more contrast with a background, by WCAG 2.2's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = np.dot([0.2126, 0.7152, 0.0722], linear)
    return "black" if luminance > 0.179 else "white"


def text_width(text):
    """Width of a title or sum in cells, a little generously."""
    return 0.62 * FONT / (72 * CELL) * len(text)


def wrapped(title, columns):
    """A title broken into lines that fit above one of so many pictures."""
    return filled(title, int(min(PAGE / columns, 0.6 * PAGE) / CELL / text_width("n")))


def filled(text, width):
    """Text broken into lines of so many characters, a size such as 3 × 3 kept on one line."""
    return textwrap.fill(text.replace(" × ", "\u00a0×\u00a0"), width)


# Words


def short_numbers(numbers):
    """Numbers as strings, all with the same decimals: none if they are whole, otherwise up to two."""
    numbers = np.asarray(numbers, float)
    finite = numbers[np.isfinite(numbers)]
    decimals = next((d for d in (0, 1) if np.allclose(finite, np.round(finite, d), rtol=0, atol=1e-6)), 2)
    # adding zero turns −0 into 0
    return [
        f"{number:.{decimals}f}".replace("-", "−").replace("inf", "∞")
        for number in np.round(numbers, decimals) + 0.0
    ]


def sum_lines(window, kernel, bias, total, name):
    """The sum of products, one line for each row of the kernel."""
    inputs, weights = short_numbers(window.ravel()), short_numbers(kernel.ravel())
    products = [f"{x}×({w})" if w.startswith("−") else f"{x}×{w}" for x, w in zip(inputs, weights)]
    width = kernel.shape[1]
    lines = [" + ".join(products[start : start + width]) for start in range(0, kernel.size, width)]
    if bias:
        lines.append(f"{short_numbers([bias])[0]} (bias)")
    printed_exactly = all(np.allclose(array, np.round(array, 2)) for array in (window, kernel, bias, total))
    equals = "=" if printed_exactly else "≈"
    first, *others = lines
    return [f"{name} =", first, *(f"+ {line}" for line in others), f"{equals} {short_numbers([total])[0]}"]


def spoken_grid(array, title, window):
    """A grid's title, size, marked window and numbers in words."""
    words = [f"{title + ': ' if title else ''}{array.shape[0]} × {array.shape[1]} numbers."]
    if window is not None:
        row, column, height, width = window
        words.append(
            f"A window of {height} × {width} is marked, its first cell at row {row}, column {column}."
        )
    return " ".join([*words, f"Rows: {spoken_rows(array)}"])


def spoken_curve(label, x, curve):
    """Where a curve starts, ends and has its extremes; all of it, if it is short."""
    size = np.nanmax(np.abs(curve), initial=0)

    def printed(number):
        # a number far below the largest is a rounding error
        number = float(f"{number:.3g}") if abs(number) > 1e-9 * size else 0
        return f"{number:,.12g}".replace("-", "−")

    if curve.size <= MOST_NUMBERS:
        points = ", ".join(f"{printed(at)}: {printed(value)}" for at, value in zip(x, curve))
        return f"{label}: {points}."
    low, high = np.nanargmin(curve), np.nanargmax(curve)
    return (
        f"{label}: {printed(curve[0])} at {printed(x[0])}, {printed(curve[-1])} at {printed(x[-1])}, "
        f"lowest {printed(curve[low])} at {printed(x[low])}, "
        f"highest {printed(curve[high])} at {printed(x[high])}."
    )


def spoken_rows(array):
    """Every number, row by row."""
    labels = np.reshape(short_numbers(array.ravel()), array.shape)
    return f"{'; '.join(' '.join(row) for row in labels)}."


def spoken_picture(title, picture, signed):
    """A picture's kind, size and range in words."""
    kind = "map of positive and negative numbers" if signed else "grey picture"
    kind = "colour picture" if picture.ndim == 3 else kind
    height, width = picture.shape[-2:]
    low, high = short_numbers([float(f"{number:.3g}") for number in (picture.min(), picture.max())])
    return f"{title + ': ' if title else ''}{kind}, {height} × {width}, values from {low} to {high}."
