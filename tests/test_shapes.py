"""Sizes, counted: every formula agrees with sliding a window and counting."""

import itertools

import pytest

from convlib import shapes


def counted(input_size, kernel_size, stride, before, after, dilation):
    """How many windows fit, one by one."""
    first, windows = 0, 0
    while first + dilation * (kernel_size - 1) < before + input_size + after:
        first, windows = first + stride, windows + 1
    return windows


GRID = list(itertools.product(range(1, 12), range(1, 6), range(1, 5), range(4), range(1, 4)))


def test_output_size_is_the_number_of_windows_that_fit():
    for n, k, s, p, d in GRID:
        windows = counted(n, k, s, p, p, d)
        if windows:
            assert shapes.output_size(n, k, s, p, d) == windows


def test_a_window_that_does_not_fit_is_an_error():
    too_small = [case for case in GRID if not counted(*case[:4], *case[3:])]
    assert len(too_small) > 100
    for n, k, s, p, d in too_small:
        with pytest.raises(ValueError, match="the window must fit"):
            shapes.output_size(n, k, s, p, d)


def test_padding_may_differ_before_and_after():
    assert shapes.output_size(8, 3, stride=2, padding=(0, 1)) == counted(8, 3, 2, 0, 1, 1) == 4
    assert shapes.output_size(5, 4, padding=[1, 2]) == 5


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((5, 3, 1, 1), 5),
        ((4, 3), 2),
        ((5, 4, 1, 2), 6),
        ((7, 3, 1, 0, 2), 3),
        ((7, 3, 1, 2, 2), 7),
        ((6, 3, 2), 2),
        ((224, 3, 2, 1), 112),
        ((224, 5), 220),
        ((32, 5), 28),
        ((28, 5), 24),
        ((64, 3, 2, 1), 32),
    ],
)
def test_output_sizes_of_the_sources_examples(arguments, size):
    assert shapes.output_size(*arguments) == size


def test_the_effective_kernel_spans_from_its_first_tap_to_its_last():
    for k, d in itertools.product(range(1, 8), range(1, 5)):
        taps = [d * i for i in range(k)]
        assert shapes.effective_kernel_size(k, d) == taps[-1] - taps[0] + 1


def test_same_padding_keeps_the_size_and_puts_the_odd_element_after():
    for k, d, n in itertools.product(range(1, 9), range(1, 5), (1, 2, 9)):
        before, after = shapes.same_padding(k, d)
        assert shapes.output_size(n, k, padding=(before, after), dilation=d) == n
        assert after - before in (0, 1)


def test_same_padding_is_symmetric_only_for_odd_spans():
    assert shapes.same_padding(2) == (0, 1)
    assert shapes.same_padding(4) == (1, 2)
    assert shapes.same_padding(4, dilation=2) == (3, 3)


@pytest.mark.parametrize(
    ("size", "mode", "most"),
    [
        (4, "zeros", None),
        (4, "constant", None),
        (4, "reflect", 3),
        (4, "replicate", None),
        (4, "circular", 4),
        (1, "reflect", 0),
        (0, "reflect", 0),
        (0, "circular", 0),
        (0, "replicate", 0),
    ],
)
def test_each_mode_has_its_largest_padding(size, mode, most):
    assert shapes.largest_padding(size, mode) == most


def test_integers_of_numpy_are_integers():
    import numpy as np

    size = shapes.output_size(np.int32(5), np.uint8(3), padding=np.int64(1))
    assert size == 5 and type(size) is int
