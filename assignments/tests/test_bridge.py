"""What may pass between the process that grades and a student's, and that it is plain data."""

import json

import numpy as np
import pytest

from assignments.grading import bridge
from assignments.grading.kernel import AnswerError, Kernel


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        float("inf"),
        "字",
        [1, (2, "x")],
        {"n": 1, 2: [3]},
        np.arange(6).reshape(2, 3),
        np.float32(1.5),
    ],
)
def test_a_value_comes_back_as_it_was(value):
    back = bridge.decode(json.loads(json.dumps(bridge.encode(value))))
    assert type(back) is type(value)
    assert np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


def test_empty_arrays_and_every_order_of_memory_come_back():
    for array in (np.zeros((0, 3)), np.arange(6.0).reshape(2, 3).T, np.arange(10)[::-2], np.array(2.5)):
        assert np.array_equal(bridge.decode(bridge.encode(array)), array)


class Sneaky(int):
    __eq__ = lambda self, other: True  # noqa: E731
    __hash__ = None


@pytest.mark.parametrize("value", [object(), Sneaky(3), {1, 2}, np.array([object()]), np.array(["x"]), open])
def test_an_object_with_a_will_of_its_own_does_not_pass(value):
    with pytest.raises(TypeError, match="expected numbers"):
        bridge.encode(value)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    running = Kernel(tmp_path_factory.mktemp("desk"))
    yield running
    running.end()


def test_a_function_of_a_student_is_called_with_plain_data(kernel):
    kernel.run("def twice(x, by=2):\n    return x * by", 10)
    assert np.array_equal(kernel.ask("twice", 10, ((np.arange(3),), {"by": 3})), [0, 3, 6])


def test_an_error_comes_back_as_pythons_own_or_by_name(kernel):
    kernel.run(
        "def bad():\n    raise ValueError('no window')\n"
        "class Odd(Exception): pass\ndef odd():\n    raise Odd('x')",
        10,
    )
    with pytest.raises(ValueError, match="no window"):
        kernel.ask("bad", 10, ((), {}))
    with pytest.raises(RuntimeError, match="Odd: x"):
        kernel.ask("odd", 10, ((), {}))
    with pytest.raises(NameError, match="has its cell run"):
        kernel.ask("missing", 10)


def test_a_failed_assertion_of_a_student_is_no_failed_test(kernel):
    kernel.run("def claims():\n    assert False, 'passed'", 10)
    with pytest.raises(RuntimeError, match="AssertionError: passed"):
        kernel.ask("claims", 10, ((), {}))


def test_a_reply_that_is_no_file_is_none(kernel):
    kernel.run(
        "import os, json\nold = json.dump\n"
        "json.dump = lambda told, file: (os.remove(file.name), os.mkfifo(file.name))",
        10,
    )
    with pytest.raises(AnswerError, match="no result came back"):
        kernel.ask("old", 10)
    kernel.run("json.dump = old", 10)
