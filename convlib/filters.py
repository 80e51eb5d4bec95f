"""Named kernels, each built from what it means.

Every function returns a fresh float32 array of shape (size, size); size is odd, so that one tap lies on the
centre, and at most 63. The kernels are meant for `conv2d`, which does not flip them; its weight has two more
axes, for channels: ``sobel("row")[np.newaxis, np.newaxis]`` has shape (1, 1, 3, 3).
"""

import math
from numbers import Real

import numpy as np

from convlib.checks import as_integer, as_mode

__all__ = ["box", "gaussian", "identity", "laplacian", "sharpen", "sobel"]

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
        1.4 for 7, so that the curve has nearly died away where the kernel ends.

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
    distance = np.arange(-radius, radius + 1)
    bell = np.exp(-0.5 * (distance / sigma) ** 2)
    bell /= bell.sum()
    return np.outer(bell, bell).astype(np.float32)


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
    axis = as_mode("sobel", "axis", axis, ("row", "column"))
    as_odd("sobel", size, at_least=3)
    smooth = binomial(size)
    difference = np.convolve(binomial(size - 1), [-1, 1])
    across_columns = np.outer(smooth, difference).astype(np.float32)
    return across_columns if axis == "column" else across_columns.T.copy()


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
