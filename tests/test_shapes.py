"""Sizes, counted: every formula agrees with sliding a window and counting."""

import itertools
import math
import os
import warnings

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convlib import shapes
from convlib.reference import conv2d

try:
    import torch
except ImportError:
    torch = None
    warnings.warn("PyTorch is not installed: sizes were NOT compared with it", stacklevel=1)

EXAMPLES = int(os.environ.get("CONVLIB_EXAMPLES", "200"))
with_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")


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
        ((3, 2), 2),
        ((5, 2), 4),
        ((6, 3, 1, 1), 6),
        ((6, 2, 1, 0), 5),
        ((224, 5, 1, 2), 224),
        ((28, 3, 1, 1), 28),
        ((28, 3), 26),
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
    size = shapes.output_size(np.int32(5), np.uint8(3), padding=np.int64(1))
    assert size == 5 and type(size) is int


# TensorFlow's "same"


def test_tensorflow_pads_just_enough_for_one_output_for_each_stride():
    for n, k, s, d in itertools.product(range(1, 20), range(1, 8), range(1, 6), range(1, 4)):
        before, after = shapes.tensorflow_same_padding(n, k, s, d)
        windows = math.ceil(n / s)
        assert shapes.output_size(n, k, s, (before, after), d) == windows
        assert 0 <= after - before <= 1
        if after:
            assert counted(n, k, s, before, after - 1, d) == windows - 1


def test_tensorflow_pads_as_published():
    assert shapes.tensorflow_same_padding(8, 3, stride=2) == (0, 1)
    assert shapes.tensorflow_same_padding(224, 7, stride=2) == (2, 3)
    assert shapes.tensorflow_same_padding(225, 7, stride=2) == (3, 3)
    assert shapes.tensorflow_same_padding(8, 1, stride=3) == (0, 0)


def test_with_stride_one_tensorflow_and_pytorch_pad_alike():
    for n, k, d in itertools.product(range(1, 12), range(1, 6), range(1, 4)):
        assert shapes.tensorflow_same_padding(n, k, dilation=d) == shapes.same_padding(k, d)


# Pools


def pools_counted(input_size, kernel_size, stride, padding, dilation, ceil_mode):
    """How many windows a pool has, one by one, each described by where it starts in the input."""
    reach = stride - 1 if ceil_mode else 0
    start, windows = -padding, 0
    while start + dilation * (kernel_size - 1) < input_size + padding + reach and start < input_size:
        start, windows = start + stride, windows + 1
    return windows


POOLS = [
    case
    for case in itertools.product(
        range(1, 10), range(1, 6), range(1, 5), range(3), range(1, 4), (False, True)
    )
    if case[3] <= case[1] // 2
]


def test_pool_output_size_is_the_number_of_windows_that_may_start():
    fitting = [case for case in POOLS if pools_counted(*case)]
    assert len(fitting) > 1000
    for case in fitting:
        assert shapes.pool_output_size(*case) == pools_counted(*case)


def test_a_pool_whose_window_does_not_fit_is_an_error():
    too_small = [case for case in POOLS if not pools_counted(*case)]
    assert len(too_small) > 100
    for case in too_small:
        with pytest.raises(ValueError, match="the window must fit"):
            shapes.pool_output_size(*case)


def test_ceil_mode_adds_at_most_one_window_and_none_that_starts_behind_the_input():
    assert shapes.pool_output_size(6, 3, stride=2) == 2
    assert shapes.pool_output_size(6, 3, stride=2, ceil_mode=True) == 3
    # the third window would start at element 5, the first of the padding behind
    assert shapes.pool_output_size(5, 2, stride=3, padding=1, ceil_mode=True) == 2
    added = set()
    for *case, _ in POOLS:
        if pools_counted(*case, False):
            down, up = (shapes.pool_output_size(*case, ceil_mode=mode) for mode in (False, True))
            added.add(up - down)
    assert added == {0, 1}


def test_a_pool_steps_by_its_kernel_unless_told_otherwise():
    for n, k in itertools.product(range(5, 20), range(1, 6)):
        assert shapes.pool_output_size(n, k) == shapes.pool_output_size(n, k, stride=k) == n // k


def test_numba_compiles_the_count_of_pool_windows():
    compiled = numba.njit(error_model="numpy")(shapes.count_pool_windows)
    for case in POOLS:
        assert compiled(*map(np.int32, case[:5]), case[5]) == shapes.count_pool_windows(*case)


@with_torch
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 9), st.none() | st.integers(1, 12), st.integers(0, 6),
    st.integers(1, 4), st.booleans(),
)  # fmt: skip
def test_pools_have_pytorchs_size_or_are_refused_as_there(n, k, s, p, d, ceil_mode):
    pools = [(torch.nn.functional.max_pool1d, (k, s, p, d, ceil_mode))]
    if d == 1:
        pools.append((torch.nn.functional.avg_pool1d, (k, s, p, ceil_mode)))
    for pool, arguments in pools:
        try:
            expected = pool(torch.zeros(1, 1, n), *arguments).shape[-1]
        except RuntimeError:
            with pytest.raises(ValueError):
                shapes.pool_output_size(n, k, s, p, d, ceil_mode)
        else:
            assert shapes.pool_output_size(n, k, s, p, d, ceil_mode) == expected


# Transposed convolutions


def test_a_transposed_convolution_reaches_the_sizes_its_convolution_comes_from():
    """Every input size of a convolution comes back, chosen by output_padding."""
    compared = 0
    for n, k, s, p, d in GRID:
        if not counted(n, k, s, p, p, d):
            continue
        size = shapes.output_size(n, k, s, p, d)
        lost = (n + 2 * p - d * (k - 1) - 1) % s
        assert shapes.transposed_output_size(size, k, s, p, lost, d) == n
        compared += 1
    assert compared > 1000


def test_transposed_output_size_is_from_the_first_tap_laid_to_the_last():
    for n, k, s, d in itertools.product(range(1, 6), range(1, 5), range(1, 4), range(1, 4)):
        laid = {s * i + d * tap for i in range(n) for tap in range(k)}
        assert shapes.transposed_output_size(n, k, s, dilation=d) == max(laid) - min(laid) + 1


@with_torch
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 6), st.integers(1, 5), st.integers(0, 8), st.integers(0, 5),
    st.integers(1, 4),
)  # fmt: skip
def test_transposed_convolutions_have_pytorchs_size_or_are_refused_as_there(n, k, s, p, output_padding, d):
    try:
        expected = torch.nn.functional.conv_transpose1d(
            torch.zeros(1, 1, n), torch.zeros(1, 1, k), None, s, p, output_padding, 1, d
        ).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError):
            shapes.transposed_output_size(n, k, s, p, output_padding, d)
    else:
        assert shapes.transposed_output_size(n, k, s, p, output_padding, d) == expected


# Stacks of layers


def seen(output, layers):
    """The input elements that one output of a stack reads, those in the padding too."""
    elements = {output}
    for kernel_size, stride, padding, dilation in reversed(layers):
        elements = {e * stride - padding + dilation * tap for e in elements for tap in range(kernel_size)}
    return elements


LAYERS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3)), max_size=5
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(LAYERS, st.integers(0, 5))
def test_the_receptive_field_is_what_an_output_reads(layers, output):
    field = shapes.receptive_field(layers)
    elements = seen(output, layers)
    assert min(elements) == field.start + output * field.jump
    assert max(elements) - min(elements) + 1 == field.size


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([3, 3, 3], (7, 1, 0)),
        ([3, 3, (2, 2), 3, 3, (2, 2)], (16, 4, 0)),
        ([(3, 1, 0, 1), (3, 1, 0, 2), (3, 1, 0, 4)], (15, 1, 0)),
        ([(7, 2, 3), (3, 2, 1)], (11, 4, -5)),
        ([], (1, 1, 0)),
    ],
)
def test_receptive_fields_of_known_stacks(layers, field):
    assert shapes.receptive_field(layers) == field


def test_a_layer_is_a_number_a_tuple_or_names():
    same = [
        [3, (2, 2), (5, 1, 2), (3, 1, 0, 2)],
        [(3,), [2, 2], (5, 1, 2), (3, 1, 0, 2)],
        [{"kernel_size": 3}, {"kernel_size": 2, "stride": 2}, {"padding": 2, "kernel_size": 5},
         {"kernel_size": 3, "dilation": 2}],
    ]  # fmt: skip
    assert {shapes.receptive_field(layers) for layers in same} == {(20, 2, -4)}
    assert shapes.receptive_field(iter(same[0])) == (20, 2, -4)


def test_only_the_padding_before_moves_the_receptive_field():
    before, after = shapes.tensorflow_same_padding(224, 7, stride=2)
    layer = {"kernel_size": 7, "stride": 2, "padding": (before, after)}
    assert shapes.receptive_field([layer]).start == -before == -2


# Coverage of dilated stacks


def paths_counted(dilations, kernel_sizes, axes):
    """Every path of taps, walked one by one."""
    size = 1 + sum(d * (k - 1) for d, k in zip(dilations, kernel_sizes))
    counts = np.zeros((size,) * axes, np.int64)
    steps = [itertools.product(range(k), repeat=axes) for k in kernel_sizes]
    for path in itertools.product(*steps):
        position = tuple(sum(d * tap[axis] for d, tap in zip(dilations, path)) for axis in range(axes))
        counts[position] += 1
    return counts


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("dilations", "kernel_sizes"),
    [([], []), ([1], [3]), ([2], [1]), ([2, 3], [3, 2]), ([1, 2], [4, 3]), ([3, 1, 2], [2, 3, 2])],
)
def test_coverage_counts_every_path(dilations, kernel_sizes, axes):
    counts = shapes.coverage(dilations, kernel_sizes, axes)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, paths_counted(dilations, kernel_sizes, axes))


@pytest.mark.parametrize(
    ("dilations", "covered", "size"),
    [
        ([1, 1, 1], 7, 7),
        ([2, 2, 2], 7, 13),
        ([1, 2, 5], 17, 17),
        ([1, 2, 9], 21, 25),
        ([2, 4, 8], 15, 29),
        ([1, 3, 9], 27, 27),
    ],
)
def test_coverage_of_known_stacks(dilations, covered, size):
    for axes in (1, 2):
        counts = shapes.coverage(dilations, axes=axes)
        assert (np.count_nonzero(counts), counts.size) == (covered**axes, size**axes)
        assert counts.sum() == 27**axes
    assert size == shapes.receptive_field([(3, 1, 0, d) for d in dilations]).size


def test_the_order_of_dilations_changes_no_coverage():
    for dilations in ([1, 2, 5], [2, 3, 3], [1, 3, 9], [2, 4, 8, 3]):
        expected = shapes.coverage(dilations)
        for order in itertools.permutations(dilations):
            np.testing.assert_array_equal(shapes.coverage(order), expected)


def test_coverage_is_exact_up_to_what_int64_holds():
    assert shapes.coverage([1] * 62, kernel_size=2).tolist() == [math.comb(62, i) for i in range(63)]
    assert shapes.coverage([1] * 13, axes=3).sum() == 3**39


def is_full(dilations):
    """Whether a stack of kernels of three taps reaches every position, from the set of positions."""
    reached = {0}
    for d in dilations:
        reached = {position + d * tap for position in reached for tap in range(3)}
    return len(reached) == max(reached) + 1


def sorted_stacks(layers, largest):
    return list(itertools.combinations_with_replacement(range(1, largest + 1), layers))


def test_the_usual_rule_is_exact_for_sorted_dilations_from_one():
    stacks = [stack for n in (2, 3, 4) for stack in sorted_stacks(n, 12) if stack[0] == 1]
    verdicts = [shapes.hdc_accepts(stack) for stack in stacks]
    assert verdicts == [is_full(stack) for stack in stacks]
    assert True in verdicts and False in verdicts
    for stack in stacks[::20]:
        assert is_full(stack) == shapes.coverage(stack).all()


def test_the_usual_rule_is_wrong_for_twenty_sorted_triples_none_of_which_starts_at_one():
    wrong = [stack for stack in sorted_stacks(3, 10) if shapes.hdc_accepts(stack) != is_full(stack)]
    assert len(wrong) == 20
    assert {(2, 2, 2), (2, 3, 3), (3, 3, 9)} <= set(wrong)
    assert all(stack[0] > 1 and shapes.hdc_accepts(stack) for stack in wrong)


def test_the_usual_rule_depends_on_an_order_that_changes_nothing():
    assert shapes.hdc_accepts([1, 3, 9]) and not shapes.hdc_accepts([9, 3, 1])
    assert is_full([9, 3, 1])
    assert not shapes.hdc_accepts([1, 2, 5, 1, 2, 5]) and is_full([1, 2, 5, 1, 2, 5])
    assert shapes.hdc_accepts([1, 5], kernel_size=5) and not shapes.hdc_accepts([1, 5], kernel_size=4)


# What a layer costs


def test_a_filter_reads_all_channels_of_its_window():
    assert shapes.count_parameters(3, 32, (5, 5), bias=False) == 2_400
    assert shapes.count_parameters(3, 32, (5, 5)) == 2_400 + 32
    assert shapes.count_macs(3, 32, (5, 5), (220, 220)) == 116_160_000
    assert shapes.count_macs(3, 32, (5, 5), (224, 224)) == 120_422_400


def test_sharing_weights_between_positions_is_what_keeps_them_few():
    outputs = 220 * 220
    assert outputs * shapes.count_parameters(3, 32, (5, 5)) == 117_708_800
    connected = shapes.count_parameters(224 * 224 * 3, outputs * 32, (), bias=False)
    assert f"{connected:.2e}" == "2.33e+11"
    assert shapes.count_parameters(1, 64, (3, 3)) == 640
    assert shapes.count_parameters(28 * 28, 64 * 28 * 28, ()) == 39_388_160


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ((3, 6, (5, 5)), 456),
        ((6, 10, (5, 5)), 1_510),
        ((64, 128, (1, 1)), 8_320),
        ((64, 64, (3, 3), 4), 9_280),
        ((64, 64, (3, 3), 1), 36_928),
        ((100, 20, (1, 1), 1, False), 2_000),
        ((2, 1, (2, 3, 3), 1, False), 36),
        ((64 * 28 * 28, 10, ()), 501_770),
        ((64 * 14 * 14, 10, ()), 125_450),
    ],
)
def test_parameters_of_the_sources_examples(arguments, parameters):
    assert shapes.count_parameters(*arguments) == parameters


@pytest.mark.parametrize(
    ("arguments", "macs"),
    [
        ((100, 20, (1, 1), (500, 500)), 500_000_000),
        ((1, 1, (3, 3), (7, 7)), 441),
        ((1, 1, (5, 5), (7, 7)), 1_225),
        ((3, 64, (3, 3, 3), (6, 224, 224), 1, 32), 49_941_577_728),
        ((128, 10, (), ()), 1_280),
    ],
)
def test_multiply_adds_of_the_sources_examples(arguments, macs):
    assert shapes.count_macs(*arguments) == macs


def test_depthwise_separable_convolutions_save_one_over_channels_plus_one_over_taps():
    depthwise = shapes.count_parameters(3, 3, (3, 3), groups=3, bias=False)
    pointwise = shapes.count_parameters(3, 4, (1, 1), bias=False)
    assert (depthwise, pointwise) == (27, 12)
    assert shapes.count_parameters(3, 4, (3, 3), bias=False) == 108

    separable, dense = (64, 64, (3, 3), 64), (64, 128, (3, 3))
    assert shapes.count_parameters(*separable) + shapes.count_parameters(64, 128, (1, 1)) == 8_960
    assert shapes.count_parameters(*dense) == 73_856
    parts = [(64, 64, (3, 3), (32, 32), 64), (64, 128, (1, 1), (32, 32))]
    macs, dense_macs = sum(shapes.count_macs(*part) for part in parts), shapes.count_macs(*dense, (32, 32))
    assert (macs, dense_macs) == (8_978_432, 75_497_472)
    # 1/128 + 1/9, over the common denominator 128 × 9
    assert macs * 128 * 9 == dense_macs * (9 + 128)
    assert f"{macs / dense_macs:.5f}" == "0.11892"


def test_every_multiply_add_of_ones_adds_one_to_the_output():
    for n, c_in, c_out, kernel_size, groups in [
        (2, 4, 6, (3, 2), 2),
        (1, 3, 5, (1, 4), 1),
        (3, 4, 8, (2, 2), 4),
    ]:
        output = conv2d(
            np.ones((n, c_in, 7, 6)), np.ones((c_out, c_in // groups, *kernel_size)), groups=groups
        )
        macs = shapes.count_macs(c_in, c_out, kernel_size, output.shape[2:], groups, n)
        assert output.sum() == macs


@with_torch
def test_parameters_are_as_many_as_in_pytorchs_layers():
    layers = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}
    for axes, groups, bias in itertools.product(layers, (1, 2, 4), (False, True)):
        kernel_size = (3, 2, 5)[:axes]
        layer = layers[axes](8, 12, kernel_size, groups=groups, bias=bias)
        parameters = sum(p.numel() for p in layer.parameters())
        assert shapes.count_parameters(8, 12, kernel_size, groups, bias) == parameters


def test_bytes_are_those_of_numpys_array():
    for dtype in ("float32", np.float64, np.uint8, "int64", bool, np.dtype(">f8"), "float16"):
        assert shapes.count_bytes((2, 3, 5), dtype) == np.zeros((2, 3, 5), dtype).nbytes
    assert shapes.count_bytes(()) == 4 and shapes.count_bytes((0, 3)) == 0
    gibibytes = shapes.count_bytes((32, 64, 6, 224, 224)) / 2**30
    assert f"{gibibytes:.2f}" == "2.30"


def test_counts_are_python_integers_beyond_64_bits():
    most = 2**31 - 1
    assert shapes.count_macs(most, most, (most,), (most,), batch=most) == most**5
    assert shapes.receptive_field([(2, most)] * 3).jump == most**3
    for count in (
        shapes.count_parameters(np.int8(100), np.int8(100), (np.int8(3),)),
        shapes.count_bytes((np.int8(100), 100)),
        shapes.pool_output_size(np.int8(100), np.int8(2)),
        shapes.transposed_output_size(np.int8(100), np.int8(100), np.int8(100)),
    ):
        assert type(count) is int and count > 0


# Wrong calls


WRONG = [
    # (call, error, what the message must contain)
    (lambda: shapes.tensorflow_same_padding(0, 3), ValueError,
     "tensorflow_same_padding: input_size must be at least 1, got 0"),
    (lambda: shapes.tensorflow_same_padding(8, 3, 2.0), TypeError, "stride must be an integer, got 2.0"),
    (lambda: shapes.tensorflow_same_padding(8, 3, dilation=0), ValueError, "dilation 1"),
    # pools
    (lambda: shapes.pool_output_size(8, 3, padding=2), ValueError,
     "pool_output_size: padding along the only axis must be at most 1, half of kernel_size 3", "got 2"),
    (lambda: shapes.pool_output_size(8, 3, padding=2, dilation=2), ValueError, "at most 1", "got 2"),
    (lambda: shapes.pool_output_size(8, 1, padding=1), ValueError, "at most 0", "got 1"),
    (lambda: shapes.pool_output_size(8, 3, padding=-1), ValueError, "padding must be at least 0, got -1"),
    (lambda: shapes.pool_output_size(8, 3, padding=(0, 1)), TypeError,
     "padding must be an integer, got (0, 1)"),
    (lambda: shapes.pool_output_size(2, 3), ValueError, "pool_output_size: along the only axis",
     "the window spans 3", "2 elements", "the window must fit"),
    (lambda: shapes.pool_output_size(2, 5, 2, ceil_mode=True), ValueError,
     "the window spans 5", "ceil_mode reach out by fewer than the stride, 2"),
    (lambda: shapes.pool_output_size(4, 3, dilation=2), ValueError,
     "the window spans 5 (kernel_size 3 with dilation 2)"),
    (lambda: shapes.pool_output_size(0, 1), ValueError, "input_size must be at least 1, got 0"),
    (lambda: shapes.pool_output_size(8, 0), ValueError, "kernel_size must be at least 1, got 0"),
    (lambda: shapes.pool_output_size(8, 2, 0), ValueError, "stride must be at least 1, got 0"),
    (lambda: shapes.pool_output_size(8, 2, ceil_mode=1), TypeError,
     "pool_output_size: ceil_mode must be True or False, got 1"),
    (lambda: shapes.fitting_pool_output_size("max_pool2d", "rows (H)", 0, 2, 2, 1, 1, False), ValueError,
     "max_pool2d: the input is empty along rows (H)"),
    # transposed convolutions
    (lambda: shapes.transposed_output_size(4, 3, output_padding=1), ValueError,
     "transposed_output_size: output_padding along the only axis must be smaller than the larger of stride 1 "
     "and dilation 1, got 1"),
    (lambda: shapes.transposed_output_size(4, 3, 2, output_padding=3, dilation=3), ValueError,
     "stride 2 and dilation 3, got 3"),
    (lambda: shapes.transposed_output_size(1, 3, padding=2), ValueError,
     "along the only axis nothing is left", "reaches 3 outputs", "takes 2 away on each side"),
    (lambda: shapes.transposed_output_size(0, 3), ValueError, "input_size must be at least 1, got 0"),
    (lambda: shapes.transposed_output_size(4, 3, padding="same"), TypeError, "padding must be an integer"),
    (lambda: shapes.transposed_output_size(4, 3, output_padding=-1), ValueError,
     "output_padding must be at least 0, got -1"),
    (lambda: shapes.fitting_transposed_output_size("conv_transpose1d", "columns (W)", 0, 3, 1, 0, 0, 1),
     ValueError, "conv_transpose1d: the input is empty along columns (W)"),
    # receptive fields
    (lambda: shapes.receptive_field(3), TypeError,
     "receptive_field: layers must hold one item for each layer", "got 3"),
    (lambda: shapes.receptive_field([3, ()]), ValueError, "layers[1] must be a kernel_size", "got ()"),
    (lambda: shapes.receptive_field([(3, 1, 0, 1, 1)]), ValueError, "layers[0]", "(3, 1, 0, 1, 1)"),
    (lambda: shapes.receptive_field([{"stride": 2}]), ValueError, "layers[0]", "a kernel_size, got"),
    (lambda: shapes.receptive_field([{"kernel_size": 3, "strides": 2}]), ValueError, "'strides': 2"),
    (lambda: shapes.receptive_field([3, 0]), ValueError,
     "receptive_field: kernel_size of layers[1] must be at least 1, got 0"),
    (lambda: shapes.receptive_field([(3, 0)]), ValueError, "stride of layers[0] must be at least 1, got 0"),
    (lambda: shapes.receptive_field([(3, 1, (1, 1, 1))]), ValueError,
     "padding of layers[0] must be an integer or a pair (before, after), got (1, 1, 1)"),
    (lambda: shapes.receptive_field("3"), TypeError, "kernel_size of layers[0] must be an integer, got '3'"),
    # coverage
    (lambda: shapes.coverage(2), TypeError, "coverage: dilations must be a sequence", "got 2"),
    (lambda: shapes.coverage([1, 0]), ValueError, "coverage: dilations[1] must be at least 1, got 0"),
    (lambda: shapes.coverage([1, 2.0]), TypeError, "dilations[1] must be an integer, got 2.0"),
    (lambda: shapes.coverage([1, 2], kernel_size=[3]), ValueError,
     "kernel_size must be an integer or one for each of the 2 dilations, got [3]"),
    (lambda: shapes.coverage([1, 2], kernel_size=0), ValueError, "kernel_size must be at least 1, got 0"),
    (lambda: shapes.coverage([1], axes=4), ValueError, "coverage: axes must be at most 3, got 4"),
    (lambda: shapes.coverage([1], axes=0), ValueError, "axes must be at least 1, got 0"),
    (lambda: shapes.coverage([1] * 20, axes=2), OverflowError, "1.2e+19 paths are more than int64 can count"),
    (lambda: shapes.coverage([2**20], axes=3), ValueError,
     "the counts of shape (2097153, 2097153, 2097153)", "TiB"),
    (lambda: shapes.hdc_accepts([1]), ValueError, "hdc_accepts: dilations must hold at least 2", "got [1]"),
    (lambda: shapes.hdc_accepts("125"), TypeError, "hdc_accepts: dilations must be a sequence", "'125'"),
    (lambda: shapes.hdc_accepts([1, 2], kernel_size=(3, 3)), TypeError,
     "kernel_size must be an integer, got (3, 3)"),
    # costs
    (lambda: shapes.count_parameters(3, 32, 5), TypeError,
     "count_parameters: kernel_size must be a tuple with one number for each axis", "got 5"),
    (lambda: shapes.count_parameters(3, 32, (5, 0)), ValueError, "kernel_size[1] must be at least 1, got 0"),
    (lambda: shapes.count_parameters(3, 32, (5, 5), groups=2), ValueError,
     "groups must divide in_channels 3 and out_channels 32, got 2"),
    (lambda: shapes.count_parameters(4, 3, (5, 5), groups=2), ValueError, "in_channels 4 and out_channels 3"),
    (lambda: shapes.count_parameters(0, 32, (5, 5)), ValueError, "in_channels must be at least 1, got 0"),
    (lambda: shapes.count_parameters(3, 32, (5, 5), bias=32), TypeError,
     "count_parameters: bias must be True or False, got 32"),
    (lambda: shapes.count_macs(3, 32, (5, 5), (220,)), ValueError,
     "count_macs: kernel_size and output_size must have one number for each axis, got (5, 5) and (220,)"),
    (lambda: shapes.count_macs(3, 32, (5, 5), 220), TypeError, "output_size must be a tuple", "got 220"),
    (lambda: shapes.count_macs(3, 32, (5, 5), (220, 220), batch=0), ValueError, "batch must be at least 1"),
    (lambda: shapes.count_bytes(5), TypeError, "count_bytes: shape must be a tuple", "got 5"),
    (lambda: shapes.count_bytes((2, -1)), ValueError, "shape[1] must be at least 0, got -1"),
    (lambda: shapes.count_bytes((2,), "float23"), TypeError,
     "count_bytes: dtype must be a NumPy dtype of numbers, such as 'float32', got 'float23'"),
    (lambda: shapes.count_bytes((2,), None), TypeError, "dtype must be a NumPy dtype", "got None"),
    (lambda: shapes.count_bytes((2,), object), TypeError, "dtype must be a NumPy dtype of numbers"),
]  # fmt: skip


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[2])
def test_a_wrong_call_is_told_what_is_wrong(row):
    call, error, *said = row
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    for words in said:
        assert words in str(raised.value)
