"""Named kernels, each built from what it means.

Every function returns a fresh float32 array of shape (size, size); size is odd, so that one tap lies on the
centre, and at most 63. The kernels are meant for `conv2d`, which does not flip them; its weight has two more
axes, for channels: ``sobel("row")[np.newaxis, np.newaxis]`` has shape (1, 1, 3, 3).
"""

import math
from numbers import Real

import numpy as np

from convlib.checks import as_integer, as_mode

__all__ = [
    "box",
    "difference",
    "emboss",
    "gabor",
    "gaussian",
    "identity",
    "laplacian",
    "laplacian_of_gaussian",
    "prewitt",
    "scharr",
    "sharpen",
    "sobel",
]

# Sobel's weights grow as 4 to the power of the size; these still fit into float32 with room to spare.
LARGEST_SIZE = 63


def identity(size=3):
    """The kernel that changes nothing: one in the centre, zero elsewhere.

    Parameters
    ----------
    size : int
        Rows and columns, odd.

    Returns
    -------
    ndarray of shape (size, size), float32

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 1 to 63.

    Notes
    -----
    The discrete unit impulse δ, the neutral element of convolution.

    Examples
    --------
    >>> identity(3)
    array([[0., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    centre = as_odd("identity", size) // 2
    weight = np.zeros((size, size), np.float32)
    weight[centre, centre] = 1
    return weight


def box(size=3):
    """The mean of the window: all weights equal, summing to one.

    Parameters
    ----------
    size : int
        Rows and columns, odd.

    Returns
    -------
    ndarray of shape (size, size), float32
        Every weight is 1/size².

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 1 to 63.

    Notes
    -----
    Gonzalez and Woods, "Digital Image Processing", 4th ed. (2018), section 3.5.

    Examples
    --------
    >>> box(5)[0, 0] == np.float32(1 / 25)
    np.True_
    """
    as_odd("box", size)
    return np.full((size, size), 1 / size**2, np.float32)


def gaussian(size=3, sigma=None):
    """A smooth mean: weights fall off with the distance from the centre as a bell curve, summing to one.

    Parameters
    ----------
    size : int
        Rows and columns, odd.
    sigma : float, optional
        Standard deviation in pixels, above 0. By default 0.15 size + 0.35: 0.8 for size 3, 1.1 for 5,
        1.4 for 7. The kernel's end then still weighs 46 % of its middle for size 3, 19 % for 5, 10 % for 7;
        choose a smaller sigma for a curve that dies away within the kernel.

    Returns
    -------
    ndarray of shape (size, size), float32
        exp(−(y² + x²) / 2σ²) at whole distances y, x from the centre, divided by the sum.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 1 to 63, or ``sigma`` not a finite number above 0.

    Notes
    -----
    Gonzalez and Woods, "Digital Image Processing", 4th ed. (2018), section 3.5. The default σ is the rule
    of OpenCV's getGaussianKernel.

    Examples
    --------
    >>> np.round(gaussian(3, sigma=1.0), 3)
    array([[0.075, 0.124, 0.075],
           [0.124, 0.204, 0.124],
           [0.075, 0.124, 0.075]], dtype=float32)
    """
    radius = as_odd("gaussian", size) // 2
    sigma = 0.15 * size + 0.35 if sigma is None else as_number("gaussian", "sigma", sigma, above=0)
    bell = bell_curve(radius, sigma)
    return np.outer(bell, bell).astype(np.float32)


def difference(axis, size=3):
    """Change of brightness along one axis and nothing else: the slope, grey levels per pixel.

    Parameters
    ----------
    axis : {"row", "column"}
        "row": what changes from row to row, so horizontal edges. "column": what changes from column to
        column, so vertical edges. Positive where brightness grows with the index.
    size : int
        Rows and columns, odd, at least 3.

    Returns
    -------
    ndarray of shape (size, size), float32
        Zero but for the centre column or row; the weights sum to 0, and a ramp of slope 1 gives 1.

    Raises
    ------
    TypeError, ValueError
        ``axis`` is neither word, or ``size`` is not an odd integer from 3 to 63.

    Notes
    -----
    Central differences: the derivative f' of the polynomial of degree ``size`` − 1 through ``size`` pixels,
    (−1 0 1)/2 and (1 −8 0 8 −1)/12. Nothing is smoothed, so noise goes through in full; ``prewitt``,
    ``sobel`` and ``scharr`` smooth along the other axis.

    Fornberg, "Generation of Finite Difference Formulas on Arbitrarily Spaced Grids", Mathematics of
    Computation 51 (1988), table 1.

    Examples
    --------
    >>> difference("column")
    array([[ 0. ,  0. ,  0. ],
           [-0.5,  0. ,  0.5],
           [ 0. ,  0. ,  0. ]], dtype=float32)
    """
    axis = as_axis("difference", axis)
    radius = as_odd("difference", size, at_least=3) // 2
    # f'' weighs the pixel at distance k with 2/k² where f' has 1/k, all else alike
    slope = second_difference(radius) * np.arange(-radius, radius + 1) / 2
    return smoothed_difference(axis, np.eye(1, size, radius), slope)


def prewitt(axis, size=3):
    """Change of brightness along one axis, evenly smoothed along the other.

    Parameters
    ----------
    axis : {"row", "column"}
        "row": what changes from row to row, so horizontal edges. "column": what changes from column to
        column, so vertical edges. Positive where brightness grows with the index.
    size : int
        Rows and columns, odd, at least 3.

    Returns
    -------
    ndarray of shape (size, size), float32
        Whole numbers that sum to 0, not normalised: size 3 gives 6 times the slope.

    Raises
    ------
    TypeError, ValueError
        ``axis`` is neither word, or ``size`` is not an odd integer from 3 to 63.

    Notes
    -----
    The outer product of a smoothing column (1 1 1) and a difference row (−1 0 1). Larger sizes weigh with
    the distance, (−2 −1 0 1 2): up to a factor, the slope of the plane that fits the window best in the
    sense of least squares.

    Prewitt, "Object Enhancement and Extraction", in Lipkin and Rosenfeld (eds.), "Picture Processing and
    Psychopictorics" (1970), pages 75 to 149. The fitted plane: Haralick and Shapiro, "Computer and Robot
    Vision", volume 1 (1992), chapter 8.

    Examples
    --------
    >>> prewitt("column")
    array([[-1.,  0.,  1.],
           [-1.,  0.,  1.],
           [-1.,  0.,  1.]], dtype=float32)
    """
    axis = as_axis("prewitt", axis)
    radius = as_odd("prewitt", size, at_least=3) // 2
    return smoothed_difference(axis, np.ones(size), np.arange(-radius, radius + 1))


def sobel(axis, size=3):
    """Change of brightness along one axis, smoothed along the other.

    Parameters
    ----------
    axis : {"row", "column"}
        "row": what changes from row to row, so horizontal edges. "column": what changes from column to
        column, so vertical edges. Positive where brightness grows with the index.
    size : int
        Rows and columns, odd, at least 3.

    Returns
    -------
    ndarray of shape (size, size), float32
        Whole numbers that sum to 0, not normalised.

    Raises
    ------
    TypeError, ValueError
        ``axis`` is neither word, or ``size`` is not an odd integer from 3 to 63.

    Notes
    -----
    The outer product of a smoothing column, the binomial coefficients (1 2 1), and a difference row
    (−1 0 1). Larger sizes smooth both with more steps of (1 1): (1 4 6 4 1) and (−1 −2 0 2 1).

    Sobel and Feldman's talk of 1968, printed in Duda and Hart, "Pattern Classification and Scene Analysis"
    (1973), pages 271 to 272. Larger sizes: Danielsson and Seger, "Generalized and Separable Sobel
    Operators", in Freeman (ed.), "Machine Vision for Three-Dimensional Scenes" (1990); the weights are
    those of OpenCV.

    Examples
    --------
    >>> sobel("column")
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]], dtype=float32)
    >>> sobel("row")
    array([[-1., -2., -1.],
           [ 0.,  0.,  0.],
           [ 1.,  2.,  1.]], dtype=float32)
    """
    axis = as_axis("sobel", axis)
    as_odd("sobel", size, at_least=3)
    return smoothed_difference(axis, binomial(size), np.convolve(binomial(size - 1), [-1, 1]))


def scharr(axis):
    """Change of brightness along one axis, smoothed along the other so that directions come out right.

    Parameters
    ----------
    axis : {"row", "column"}
        "row": what changes from row to row, so horizontal edges. "column": what changes from column to
        column, so vertical edges. Positive where brightness grows with the index.

    Returns
    -------
    ndarray of shape (3, 3), float32
        Whole numbers that sum to 0, not normalised: 32 times the slope.

    Raises
    ------
    TypeError, ValueError
        ``axis`` is neither word.

    Notes
    -----
    The outer product of a smoothing column (3 10 3) and a difference row (−1 0 1). The row and the column
    kernel together tell the direction of an edge, atan2(row, column); these weights were chosen to make its
    error small whatever the direction, several times smaller than Sobel's.

    Jähne, Scharr and Körkel, "Principles of Filter Design", in Jähne, Haußecker and Geißler (eds.),
    "Handbook of Computer Vision and Applications", volume 2 (1999), chapter 6. The whole numbers are those
    of OpenCV.

    Examples
    --------
    >>> scharr("column")
    array([[ -3.,   0.,   3.],
           [-10.,   0.,  10.],
           [ -3.,   0.,   3.]], dtype=float32)
    """
    axis = as_axis("scharr", axis)
    return smoothed_difference(axis, [3, 10, 3], [-1, 0, 1])


def laplacian(size=3, diagonals=False):
    """Curvature of brightness: how far a pixel lies below the mean of its neighbours, in every direction.

    Parameters
    ----------
    size : int
        Rows and columns, odd, at least 3.
    diagonals : bool
        Also look along the two diagonals, which treats directions more alike and makes the result three
        times as large.

    Returns
    -------
    ndarray of shape (size, size), float32
        Second difference along the rows plus second difference along the columns; the weights sum to 0.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 3 to 63.

    Notes
    -----
    ∇²f = ∂²f/∂y² + ∂²f/∂x². Size 3 uses the second difference (1 −2 1), exact for cubics; larger sizes use
    the central differences that are exact for polynomials of degree ``size``, such as
    (−1 16 −30 16 −1)/12.

    Gonzalez and Woods, "Digital Image Processing", 4th ed. (2018), section 3.6. Larger sizes: Fornberg,
    "Generation of Finite Difference Formulas on Arbitrarily Spaced Grids", Mathematics of Computation 51
    (1988), table 1.

    Examples
    --------
    >>> laplacian()
    array([[ 0.,  1.,  0.],
           [ 1., -4.,  1.],
           [ 0.,  1.,  0.]], dtype=float32)
    >>> laplacian(diagonals=True)
    array([[ 1.,  1.,  1.],
           [ 1., -8.,  1.],
           [ 1.,  1.,  1.]], dtype=float32)
    """
    centre = as_odd("laplacian", size, at_least=3) // 2
    difference = second_difference(centre)
    weight = np.zeros((size, size))
    weight[centre, :] += difference
    weight[:, centre] += difference
    if diagonals:
        weight += np.diag(difference) + np.diag(difference)[::-1]
    return weight.astype(np.float32)


def sharpen(size=3, amount=1.0):
    """The picture minus its curvature: edges get steeper, even areas stay.

    Parameters
    ----------
    size : int
        Rows and columns, odd, at least 3.
    amount : float
        How much of the curvature is taken away; 0 changes nothing.

    Returns
    -------
    ndarray of shape (size, size), float32
        identity − amount · laplacian; the weights sum to 1.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 3 to 63, or ``amount`` not a finite number.

    Notes
    -----
    Gonzalez and Woods, "Digital Image Processing", 4th ed. (2018), section 3.6.

    Examples
    --------
    >>> sharpen()
    array([[ 0., -1.,  0.],
           [-1.,  5., -1.],
           [ 0., -1.,  0.]], dtype=float32)
    """
    as_odd("sharpen", size, at_least=3)
    amount = as_number("sharpen", "amount", amount)
    return identity(size) - np.float32(amount) * laplacian(size)


def laplacian_of_gaussian(size=9, sigma=None):
    """Curvature of the smoothed picture: answers to blobs and lines of a chosen size, and little to noise.

    Parameters
    ----------
    size : int
        Rows and columns, odd, at least 3.
    sigma : float, optional
        Standard deviation of the smoothing in pixels, above 0. By default that of ``gaussian(size − 2)``:
        0.8 for size 5, 1.1 for 7, 1.4 for 9.

    Returns
    -------
    ndarray of shape (size, size), float32
        ``gaussian(size − 2, sigma)`` convolved with ``laplacian(3)``; the weights sum to 0.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 3 to 63, or ``sigma`` not a finite number above 0.

    Notes
    -----
    Convolution is associative, so one kernel does what smoothing and curvature do one after the other. A
    bright disc of radius √2 σ gives the lowest response; edges are where the response changes its sign. With
    the sign turned round the kernel is called the Mexican hat. Sampling the formula
    ∇²G = (y² + x² − 2σ²)/σ⁴ · G instead, as other libraries do, gives weights that differ by up to 12 % of
    the centre's for σ = 1.4 and 6 % for σ = 2, and that sum to 0 only nearly.

    Marr and Hildreth, "Theory of Edge Detection", Proceedings of the Royal Society of London B 207 (1980),
    pages 187 to 217.

    Examples
    --------
    >>> np.round(laplacian_of_gaussian(5, sigma=1.0), 2)
    array([[ 0.  ,  0.08,  0.12,  0.08,  0.  ],
           [ 0.08, -0.05, -0.14, -0.05,  0.08],
           [ 0.12, -0.14, -0.32, -0.14,  0.12],
           [ 0.08, -0.05, -0.14, -0.05,  0.08],
           [ 0.  ,  0.08,  0.12,  0.08,  0.  ]], dtype=float32)
    """
    function = "laplacian_of_gaussian"
    smoothed = as_odd(function, size, at_least=3) - 2
    sigma = 0.15 * smoothed + 0.35 if sigma is None else as_number(function, "sigma", sigma, above=0)
    bell = bell_curve(smoothed // 2, sigma)
    curvature = np.outer(np.pad(bell, 1), np.convolve(bell, [1, -2, 1]))
    return (curvature + curvature.T).astype(np.float32)


def emboss(size=3, amount=1.0):
    """The picture as a relief lit from the upper left: slopes that rise down and to the right get brighter.

    Parameters
    ----------
    size : int
        Rows and columns, odd, at least 3.
    amount : float
        How deep the relief is; 0 changes nothing, a negative number lights it from the lower right.

    Returns
    -------
    ndarray of shape (size, size), float32
        identity + amount · (prewitt("row") + prewitt("column")); the weights sum to 1. Sizes above 3 smooth
        more, and are scaled so that a ramp gives what it gives with size 3.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 3 to 63, or ``amount`` not a finite number.

    Notes
    -----
    Brightness is taken for height. A slope that rises to the lower right faces the upper left.

    Powell, "Image Kernels Explained Visually" (setosa.io, 2015), has the weights of size 3.

    Examples
    --------
    >>> emboss()
    array([[-2., -1.,  0.],
           [-1.,  1.,  1.],
           [ 0.,  1.,  2.]], dtype=float32)
    """
    radius = as_odd("emboss", size, at_least=3) // 2
    amount = as_number("emboss", "amount", amount)
    slope = prewitt("row", size) + prewitt("column", size)
    # what prewitt makes of a ramp of slope 1
    ramp = size * np.sum(np.arange(-radius, radius + 1) ** 2)
    return identity(size) + np.float32(amount * 6 / ramp) * slope


def gabor(size=9, wavelength=None, angle=0.0, phase=0.0, sigma=None):
    """A few stripes under a bell curve: answers to stripes of one width and one direction.

    Parameters
    ----------
    size : int
        Rows and columns, odd, at least 5.
    wavelength : float, optional
        Pixels from one bright stripe to the next, above 2. By default size/2.
    angle : float
        Direction across the stripes in degrees. 0: brightness changes from column to column, so the stripes
        stand upright; 90: from row to row, so they lie; 45: down and to the right at once.
    phase : float
        Where the wave stands at the centre, in degrees. 0: on top, a bright line, the same on both sides;
        90: falling through zero, an edge, one side the negative of the other.
    sigma : float, optional
        Standard deviation of the bell curve in pixels, above 0. By default wavelength/2.

    Returns
    -------
    ndarray of shape (size, size), float32
        exp(−(y² + x²) / 2σ²) · cos(2π (x cos angle + y sin angle) / wavelength + phase) at whole distances y
        (rows) and x (columns) from the centre. Not normalised: phase 0 gives 1 in the centre.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an odd integer from 5 to 63, or another argument is not a finite number in its range.

    Notes
    -----
    Simple cells of the visual cortex answer so, and so do many kernels that a network's first layer learns.
    The weights sum to 0 exactly only with phase 90; with the default wavelength and σ, to less than 2 % of
    the sum of their absolute values. A wavelength below 2 would be the same on whole pixels as a longer one.

    Daugman, "Uncertainty Relation for Resolution in Space, Spatial Frequency, and Orientation Optimized by
    Two-Dimensional Visual Cortical Filters", Journal of the Optical Society of America A 2 (1985), pages
    1160 to 1169. Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 9.10.

    Examples
    --------
    >>> np.round(gabor(5, wavelength=4.0)[2], 2)
    array([-0.61,  0.  ,  1.  ,  0.  , -0.61], dtype=float32)
    """
    radius = as_odd("gabor", size, at_least=5) // 2
    wavelength = size / 2 if wavelength is None else as_number("gabor", "wavelength", wavelength, above=2)
    angle = math.radians(as_number("gabor", "angle", angle))
    phase = math.radians(as_number("gabor", "phase", phase))
    sigma = wavelength / 2 if sigma is None else as_number("gabor", "sigma", sigma, above=0)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    wave = np.cos(2 * np.pi * (x * math.cos(angle) + y * math.sin(angle)) / wavelength + phase)
    return (np.exp(-0.5 * (y**2 + x**2) / sigma**2) * wave).astype(np.float32)


def as_axis(function, axis):
    return as_mode(function, "axis", axis, ("row", "column"))


def as_odd(function, size, at_least=1):
    """The size as a Python int, if it has a centre."""
    size = as_integer(function, "size", size, at_least)
    if size % 2 == 0:
        raise ValueError(f"{function}: size must be odd, so that one tap lies on the centre, got {size}")
    if size > LARGEST_SIZE:
        raise ValueError(f"{function}: size must be at most {LARGEST_SIZE}, got {size}")
    return size


def as_number(function, name, value, above=-math.inf):
    """A finite Python float."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{function}: {name} must be a number, got {value!r} of type {type(value).__name__}")
    if not above < value < math.inf:
        rule = "finite" if above == -math.inf else f"finite and above {above}"
        raise ValueError(f"{function}: {name} must be {rule}, got {value!r}")
    return float(value)


def smoothed_difference(axis, smooth, difference):
    """The kernel that takes the difference along the axis and smooths along the other one."""
    across_columns = (np.outer(smooth, difference) + 0.0).astype(np.float32)  # −0 + 0 is 0
    return across_columns if axis == "column" else across_columns.T.copy()


def bell_curve(radius, sigma):
    """exp(−x² / 2σ²) at −radius … radius, divided by the sum."""
    bell = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return bell / bell.sum()


def binomial(size):
    """The binomial coefficients of one row of Pascal's triangle: (1 1) convolved with itself."""
    row = np.ones(1)
    for _ in range(size - 1):
        row = np.convolve(row, [1, 1])
    return row


def second_difference(radius):
    """Weights at −radius … radius that give f'' exactly for polynomials of degree 2 radius + 1."""
    weight = np.zeros(2 * radius + 1)
    factor = 2.0
    for k in range(1, radius + 1):
        factor *= (radius - k + 1) / (radius + k)  # 2 (r!)² / ((r − k)! (r + k)!)
        weight[radius - k] = weight[radius + k] = -((-1) ** k) * factor / k**2
    weight[radius] = -weight.sum()
    return weight
