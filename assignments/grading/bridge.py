"""Values between the process that grades and the one that runs a student's code: plain data, never objects.

This file's text is also run in the student's process, so it imports nothing of ours.
"""

import base64
import builtins
import json

import numpy as np

LARGEST = 64_000_000  # characters of one message


def encode(value):
    """A tree for JSON; raises TypeError for what is neither numbers, text nor containers of them."""
    if value is None or type(value) in (bool, int, float, str):
        return {"plain": value}
    if type(value) in (list, tuple):
        return {type(value).__name__: [encode(item) for item in value]}
    if type(value) is dict:
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        array = np.array(value, order="C", subok=False)
        if array.dtype.kind in "biufc":
            data = base64.b64encode(array.tobytes()).decode()
            return {"array": data, "dtype": array.dtype.str, "shape": array.shape}
    raise TypeError(f"expected numbers, text, or lists and arrays of them, not a {type(value).__name__}")


def decode(tree):
    """The value of a tree; arrays come back as arrays, NumPy's scalars as arrays of no axes."""
    ((kind, value), *others) = tree.items()
    if kind == "array":
        rest = dict(others)
        array = np.frombuffer(base64.b64decode(value), rest["dtype"]).reshape(rest["shape"])
        return array.copy() if array.shape else array[()]
    if kind == "dict":
        return {decode(key): decode(item) for key, item in value}
    if kind in ("list", "tuple"):
        return [list, tuple][kind == "tuple"](decode(item) for item in value)
    return value


def answer(names, request, reply):
    """Do in a student's process what the file ``request`` asks, and write what comes of it to ``reply``."""
    with open(request, encoding="utf-8") as file:
        asked = json.load(file)
    try:
        if asked["name"] not in names:
            raise NameError(
                f"{asked['name']} is not there: has its cell run, and is the name spelled like this?"
            )
        value = names[asked["name"]]
        if "arguments" in asked:
            value = value(*decode(asked["arguments"]), **decode(asked["keywords"]))
        told = {"value": encode(value)}
    except BaseException as error:
        told = {"error": type(error).__name__, "message": str(error)[:2000]}
    with open(reply, "w", encoding="utf-8") as file:
        json.dump(told, file)


def raised(name, message):
    """The student's exception again, if it is one of Python's own; else a RuntimeError with its name."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind is not AssertionError:
        try:
            return kind(message)
        except TypeError:  # UnicodeDecodeError and the like want more
            pass
    return RuntimeError(f"{name}: {message}")
