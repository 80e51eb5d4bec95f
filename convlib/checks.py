"""The door: every argument of the library is checked here, once, and nothing behind it checks again.

Each function returns its argument in the one form that the code behind the door uses, or raises an error that
names the calling function, the argument, its value and the rule.
"""

import math
import operator

import numpy as np

# A size beyond this cannot be allocated anywhere, and its products no longer fit into 64 bits.
LARGEST_INTEGER = 2**31 - 1
FLOATS = np.dtype(np.float32), np.dtype(np.float64)


def as_integer(function, name, value, at_least):
    """A Python int, from anything that is an integer (NumPy's too) and not a bool."""
    if type(value) is int and at_least <= value <= LARGEST_INTEGER:
        return value  # as nearly always, and what follows takes a microsecond
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{function}: {name} must be an integer, got the bool {value!r}")
    try:
        integer = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{function}: {name} must be an integer, got {value!r} of type {type(value).__name__}"
        ) from None
    if integer < at_least:
        hint = "; an ordinary, undilated kernel has dilation 1" if name == "dilation" and integer == 0 else ""
        raise ValueError(f"{function}: {name} must be at least {at_least}, got {integer}{hint}")
    if integer > LARGEST_INTEGER:
        raise ValueError(f"{function}: {name} must be at most {LARGEST_INTEGER}, got {integer}")
    return integer


def as_integers(function, name, value, count, at_least):
    """A tuple of ``count`` ints, one per axis; a single integer stands for all axes."""
    if not isinstance(value, tuple | list | np.ndarray):
        return (as_integer(function, name, value, at_least),) * count
    if len(value) != count:
        raise ValueError(
            f"{function}: {name} must be an integer or {count} of them, one per axis, got {value!r}"
        )
    return tuple(as_integer(function, f"{name}[{i}]", item, at_least) for i, item in enumerate(value))


def as_bool(function, name, value):
    """A bool, NumPy's too, and nothing that merely counts as true."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{function}: {name} must be True or False, got {value!r}")
    return bool(value)


def as_mode(function, name, value, allowed):
    """A string that is one of ``allowed``."""
    if not isinstance(value, str):
        raise TypeError(f"{function}: {name} must be a string, got {value!r} of type {type(value).__name__}")
    if value not in allowed:
        names = ", ".join(repr(mode) for mode in allowed)
        raise ValueError(f"{function}: {name} must be one of {names}, got {value!r}")
    return value


def as_numbers(function, name, value):
    """A NumPy array of float32, float64 or integers, in the machine's byte order; not copied if it is one.

    Nested lists become arrays as NumPy makes them: Python floats give float64, Python ints int64.
    """
    if type(value) is np.ndarray and value.dtype in FLOATS:
        return value
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{function}: {name} is not a rectangular array: {error}") from None
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{function}: {name} is a masked array; fill the masked elements first")
    dtype = array.dtype.newbyteorder("=")
    if dtype.kind not in "iu" and dtype not in (np.float32, np.float64):
        hint = "; convert it first, e.g. with .astype(np.float32)" if array.dtype.kind in "fb" else ""
        raise TypeError(f"{function}: {name} must hold float32, float64 or integers, got {array.dtype}{hint}")
    if dtype != array.dtype:
        check_allocation(function, name, array.shape, dtype)
    return array.astype(dtype, copy=False)


def check_allocation(function, what, shape, dtype):
    """Refuse, before anything is allocated, an array beyond what a machine can address."""
    size = math.prod(shape) * dtype.itemsize
    if size > 2**47:
        raise ValueError(f"{function}: {what} of shape {tuple(shape)} would take {size / 2**40:,.0f} TiB")
