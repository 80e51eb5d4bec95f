"""Is an answer right, and if not, which mistake does it look like?

`expect` compares one result with the right one. `Exercise` compares a whole function, on fresh random inputs,
with a solution and with known mistakes; `check` looks the exercise up by its label in the book.
"""

import hashlib
import os
import random
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["check", "difference", "expect", "fresh_random", "same_student", "variant"]

TRIES = 20
# float32 sums in another order differ by so much, relative to the largest number of the result
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Exercise:
    """A function that a reader is to write.

    Parameters
    ----------
    draw : callable
        ``draw(random)`` returns a tuple of arguments, from a `numpy.random.Generator`.
    solution : callable
        The right function of these arguments.
    mistakes : mapping of str to callable, optional
        Functions that answer as typical mistakes do; the key says what to think about. Each must differ from
        the solution for some drawn arguments.
    about : str, optional
        How the arguments are called in a message, as a format string: ``"n = {0}, k = {1}"``.
    """

    draw: Callable
    solution: Callable
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    about: str = ""

    def fault(self, answer, generator):
        """What is wrong with a function, in words, or None if it is right on `TRIES` drawn arguments."""
        drawn = [self.draw(generator) for _ in range(TRIES)]
        right = [self.solution(*copies(arguments)) for arguments in drawn]
        found, error = [], None
        for arguments in drawn:
            try:
                found.append(answer(*copies(arguments)))
            except Exception as raised:
                error = f"it raises {type(raised).__name__}: {raised}"
                break
        faults = [difference(*pair) for pair in zip(found, right)] + [error] * (error is not None)
        first = next((i for i, fault in enumerate(faults) if fault), None)
        if first is None:
            return None
        told = [f"For {self.told(drawn[first])}: {faults[first]}."]
        if error is None:
            for hint, mistake in self.mistakes.items():
                wrong = [mistake(*copies(arguments)) for arguments in drawn]
                if not any(difference(*pair) for pair in zip(found, wrong)):
                    told.append(hint)
        return "\n".join(told)

    def told(self, arguments):
        shown = [shown_briefly(argument) for argument in arguments]
        return self.about.format(*shown) if self.about else ", ".join(shown)


def check(label, answer):
    """Try your answer to an exercise of the book, and say what a wrong one looks like.

    Parameters
    ----------
    label : str
        The exercise, as the book names it.
    answer : callable
        Your function.

    Returns
    -------
    bool
        Whether it is right on `TRIES` inputs, drawn anew each time.

    Raises
    ------
    ValueError
        If no exercise has this label.
    TypeError
        If the answer is not a function.

    Examples
    --------
    >>> import convlib
    >>> convlib.check("output-size-bug", lambda n, k, s, p: max(0, (n + 2 * p - k) // s + 1))
    Right, on 20 fresh inputs.
    True
    """
    from convlib.exercises import EXERCISES  # nobody who only computes needs them

    if label not in EXERCISES:
        raise ValueError(f"check: no exercise is called {label!r}; there are {', '.join(sorted(EXERCISES))}")
    if not callable(answer):
        raise TypeError(f"check: answer must be your function, without a call: got {answer!r}")
    fault = EXERCISES[label].fault(answer, fresh_random())
    print(fault or f"Right, on {TRIES} fresh inputs.")
    return fault is None


def fresh_random():
    """A `numpy.random.Generator` with a new seed; ``CONVLIB_SEED`` in the environment sets the seed."""
    return np.random.default_rng(int(os.environ.get("CONVLIB_SEED") or secrets.randbits(32)))


def expect(found, expected, about="", mistakes=(), tolerance=TOLERANCE):
    """Raise an AssertionError that says how ``found`` differs from ``expected``, if it does.

    Parameters
    ----------
    found, expected : number, array, sequence of these, str, bool or None
        Arrays of any library that NumPy can read are accepted, and lists in place of arrays.
    about : str, optional
        What was computed, for the message.
    mistakes : mapping of str to value, optional
        Wrong results that typical mistakes give; the key says what to think about.
    tolerance : float, optional
        Relative to the largest element of ``expected``.
    """
    fault = difference(found, expected, tolerance)
    if fault is None:
        return
    hints = [hint for hint, wrong in dict(mistakes).items() if difference(found, wrong, tolerance) is None]
    raise AssertionError("\n".join([f"{about}: {fault}." if about else f"{fault}.", *hints]))


def difference(found, expected, tolerance=TOLERANCE):
    """How a value differs from the expected one, in words, or None if it does not."""
    if expected is None or isinstance(expected, str | bool | np.bool_):
        # an object of the student's own may claim to equal everything, so its type counts first
        same = type(found) in (type(expected), bool, np.bool_) and bool(found == expected)
        return None if same else f"it is {shown_briefly(found)}, expected {expected!r}"
    if isinstance(expected, dict):
        if type(found) is not dict or found.keys() != expected.keys():
            return f"expected a dict with the keys {list(expected)}, got {shown_briefly(found)}"
        faults = ((key, difference(found[key], expected[key], tolerance)) for key in expected)
        return next((f"at {key!r}, {fault}" for key, fault in faults if fault), None)
    if found is None:
        return "it returns nothing; is there a return?"
    try:
        found_array, expected = plain_array(found), np.asarray(expected)
    except (TypeError, ValueError):
        return f"expected numbers, got {shown_briefly(found)}"
    if found_array.shape != expected.shape:
        if not expected.shape:
            return f"expected one number, got an array of shape {found_array.shape}"
        return f"the shape is {found_array.shape}, expected {expected.shape}"
    with np.errstate(invalid="ignore"):
        largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=1.0)
        near = np.isclose(found_array, expected, rtol=0, atol=tolerance * largest, equal_nan=True)
    if near.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~near)[0])
    values = f"{shown_number(found_array[place])}, expected {shown_number(expected[place])}"
    if not place:
        return f"it is {values}"
    return f"element {list(place)} is {values}; {near.size - near.sum()} of {near.size} elements differ"


def plain_array(value):
    """A plain NumPy array of numbers; raises TypeError or ValueError for anything else."""
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu().numpy()
    array = np.array(value, subok=False)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"not numbers: {array.dtype}")
    return array


def copies(arguments):
    """The arguments, arrays copied: an answer may write into what it is given."""
    return [item.copy() if isinstance(item, np.ndarray) else item for item in arguments]


def shown_number(value):
    """Six digits, but a whole number with all of its own."""
    return str(int(value)) if np.isfinite(value) and value == np.round(value) else f"{value:.6g}"


def shown_briefly(value):
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 80 else text[:77] + "..."


def variant(assignment, student, draw):
    """The numbers of one student, the same on every machine and in every year.

    Parameters
    ----------
    assignment : str
        The course and the set.
    student : str
        Who it is for; capitals, spaces and full-width letters do not matter.
    draw : callable
        ``draw(random)`` returns the numbers, from a `random.Random`.
    """
    seed = hashlib.sha256(f"{assignment}\n{plain_name(student)}".encode()).digest()
    return draw(random.Random(int.from_bytes(seed)))


def same_student(one, other):
    """Whether two spellings are the same student to `variant`."""
    return plain_name(one) == plain_name(other)


def plain_name(student):
    return "".join(unicodedata.normalize("NFKC", student).casefold().split())
