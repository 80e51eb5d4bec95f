"""Convolution in deep learning: PyTorch's names and shapes, NumPy arrays, Numba loops on all cores.

Contract. An input has shape (N, C, spatial…), or (C, spatial…) without a batch; a weight has shape
(C_out, C_in/groups, kernel…). ``padding`` is an int or one int for each axis, both per side, or "valid", or
"same" (stride 1 only; an odd element goes after). float32 stays float32 and float64 float64. Integers are
computed exactly, as int64; where they are only moved or chosen, they stay what they are. Anything else is
refused. Inputs are never modified and may have any strides; a
result is fresh and C-contiguous, the same bits for any number of threads and on every run. NaN and infinity
go where the definition sends them. Calls from several threads at once are safe.

A wrong call raises ValueError or TypeError, too large integers OverflowError, before anything is computed;
the message names the argument, its value and the rule.

>>> import convlib
>>> convlib.conv2d([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[[1, 0], [0, 1]]]])
array([[[ 6,  8],
        [12, 14]]])
"""

import importlib

__version__ = "0.1.0"

# Loaded when first used, so that `import convlib` does not wait for Numba, matplotlib or ipywidgets.
OPERATIONS = (
    *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
    *("pad", "unfold", "fold", "correlate2d", "convolve2d"),
)
HOMES = dict.fromkeys(OPERATIONS, "convlib.functional") | {"check": "convlib.practice"}
MODULES = (
    *(
        "explorers",
        "figures",
        "filters",
        "functional",
        "gradients",
        "layers",
        "layouts",
        "pictures",
        "practice",
        "reference",
    ),
    *("shapes", "webassembly"),
)

__all__ = [*HOMES, *MODULES]


def __getattr__(name):
    if name in HOMES:
        value = getattr(importlib.import_module(HOMES[name]), name)
    elif name in MODULES:
        value = importlib.import_module(f"convlib.{name}")
    else:
        raise AttributeError(f"module 'convlib' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
