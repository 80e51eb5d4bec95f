"""Winograd's algorithm: the same layer, fewer products, a stated error, and no surprise where it fails."""

import numba
import numpy as np
import pytest
from conftest import with_each_number_of_threads

from convlib import conv2d, engine, gradients, reference
from convlib.loops.cutting import LEAST_CHANNELS, LEAST_TILES, cut_winograd, winograd_pays

COMPILED = not numba.config.DISABLE_JIT


def real_numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def settings(**changes):
    """The arguments of ``winograd_pays`` for a layer of 64 channels on 56 × 56, with ``changes``."""
    layer = dict(channels=64, c_out=64, kernel=(1, 3, 3), stride=(1, 1, 1), dilation=(1, 1, 1))
    return layer | dict(batch=1, output_size=(1, 56, 56)) | changes


@pytest.fixture
def chosen(monkeypatch):
    """``conv2d`` chooses Winograd's algorithm; the list grows with each time that it kept the result."""
    kept = []
    original = engine.winograd

    def winograd(*arguments):
        output = original(*arguments)
        kept.append(output is not None)
        return output

    monkeypatch.setattr(engine, "suits_winograd", lambda *arguments: True)
    monkeypatch.setattr(engine, "winograd", winograd)
    return kept


def difference(output, exact):
    """The largest error, in parts of the largest output."""
    return np.abs(output - exact).max() / np.abs(exact).max()


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("shape", "channels_out", "padding"),
    [((1, 1, 3, 3), 1, 0), ((2, 3, 6, 9), 5, 1), ((3, 8, 14, 14), 8, (2, 1)), ((1, 5, 33, 70), 37, 1)],
)
def test_it_computes_the_definition(chosen, shape, channels_out, padding, padding_mode):
    input, weight = real_numbers(*shape), real_numbers(channels_out, shape[1], 3, 3, seed=1)
    bias = real_numbers(channels_out, seed=2)
    output = conv2d(input, weight, bias, padding=padding, padding_mode=padding_mode)
    wide = (array.astype(float) for array in (input, weight, bias))
    exact = reference.conv2d(*wide, padding=padding, padding_mode=padding_mode)
    assert chosen == [True] and output.dtype == np.float32 and output.shape == exact.shape
    assert difference(output, exact) < 1e-5


@pytest.mark.skipif(not COMPILED, reason="large layers take too long in plain Python")
@pytest.mark.parametrize(("channels", "size"), [(32, 56), (64, 56), (256, 40), (512, 40)])
def test_float32_stays_within_a_ten_thousandth_of_the_largest_output(channels, size):
    assert winograd_pays(**settings(channels=channels, c_out=channels, output_size=(1, size, size)))
    input, weight = real_numbers(1, channels, size, size), real_numbers(channels, channels, 3, 3, seed=1)
    output = conv2d(input, weight, padding=1)
    exact = conv2d(input.astype(float), weight.astype(float), padding=1)
    assert 0 < difference(output, exact) < 1e-4


@pytest.mark.parametrize("intruder", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 2, 0, 0), (0, 0, 7, 5), (0, 3, 12, 12)])
def test_nan_and_infinity_reach_only_the_windows_that_see_them(chosen, intruder, place):
    input, weight = real_numbers(1, 4, 13, 13), real_numbers(3, 4, 3, 3, seed=1)
    input[place] = intruder
    output = conv2d(input, weight, padding=1)
    with np.errstate(invalid="ignore"):
        exact = reference.conv2d(input, weight, padding=1)
    assert chosen == [False]
    np.testing.assert_allclose(output, exact, rtol=1e-4, atol=1e-5)


def test_an_infinite_weight_is_left_to_the_direct_sum(chosen):
    input, weight = np.ones((1, 2, 8, 8), np.float32), real_numbers(2, 2, 3, 3)
    weight[1, 0, 2, 2] = np.inf
    output = conv2d(input, weight)
    assert chosen == [False] and np.isfinite(output[0, 0]).all() and (output[0, 1] == np.inf).all()


def test_numbers_so_large_that_only_the_transform_overflows_are_summed_directly(chosen):
    input, weight = np.full((1, 1, 6, 6), 1e38, np.float32), np.zeros((1, 1, 3, 3), np.float32)
    input[0, 0, ::2] *= -1
    weight[0, 0, 1, 1] = 1
    output = conv2d(input, weight)
    assert chosen == [False]
    np.testing.assert_array_equal(output[0, 0], input[0, 0, 1:-1, 1:-1])


@pytest.mark.skipif(not COMPILED, reason="large layers take too long in plain Python")
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_gradient_for_the_input_takes_the_same_way(monkeypatch, padding):
    input, weight = real_numbers(2, 40, 30, 30), real_numbers(44, 40, 3, 3, seed=1)
    output = conv2d(input, weight, padding=padding)
    gradient = real_numbers(*output.shape, seed=2)
    by_input = gradients.conv2d_input(input.shape, weight, gradient, padding=padding)
    monkeypatch.setattr(engine, "suits_winograd", lambda *arguments: False)
    direct = gradients.conv2d_input(input.shape, weight, gradient, padding=padding)
    assert 0 < difference(by_input, direct) < 1e-5


@pytest.mark.skipif(not COMPILED, reason="plain Python has one thread")
def test_any_number_of_threads_gives_the_same_bits():
    input, weight = real_numbers(3, 40, 30, 30), real_numbers(44, 40, 3, 3, seed=1)
    outputs = with_each_number_of_threads(lambda: conv2d(input, weight, padding=1))
    for output in outputs[1:]:
        np.testing.assert_array_equal(output, outputs[0])


def test_it_is_chosen_for_many_channels_and_many_outputs_of_a_plain_3_by_3_layer():
    assert winograd_pays(**settings()) and winograd_pays(**settings(dilation=(1, 2, 3)))
    for change in (
        dict(channels=LEAST_CHANNELS - 1), dict(c_out=LEAST_CHANNELS - 1),
        dict(kernel=(1, 3, 1)), dict(kernel=(3, 3, 3)), dict(stride=(1, 1, 2)), dict(dilation=(1, 40, 40)),
        dict(output_size=(1, 4, 4 * LEAST_TILES - 4)), dict(output_size=(1, 1, 4 * LEAST_TILES)),
    ):  # fmt: skip
        assert not winograd_pays(**settings(**change)), change


@pytest.mark.parametrize(("dtype", "groups"), [(np.float64, 1), (np.int32, 1), (np.float32, 2)])
def test_only_float32_gives_digits_away_and_only_without_groups(monkeypatch, dtype, groups):
    monkeypatch.setattr(engine, "winograd", None)
    input, weight = np.ones((1, 64, 30, 30), dtype), np.ones((64, 64 // groups, 3, 3), dtype)
    assert (conv2d(input, weight, groups=groups) == 9 * 64 // groups).all()


@pytest.mark.parametrize("output_size", [(1, 1, 1), (1, 14, 14), (1, 56, 56), (1, 1000, 1000)])
def test_a_unit_holds_whole_rows_of_tiles_and_all_rows_have_a_unit(output_size):
    (rows, _, row, plane_in, plane_out), units, _ = cut_winograd(64, 32, 8, output_size, (1, 1, 1), 8, 3, 2)
    down, across = -(-output_size[1] // 4), -(-output_size[2] // 4)
    assert (units - 1) * rows < 8 * down <= units * rows
    assert row >= rows * across and plane_in >= 64 * row and plane_out >= 32 * row


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect"])
@pytest.mark.parametrize(
    ("size", "dilation", "padding"),
    [((13, 17), 2, 2), ((14, 9), 3, 1), ((20, 9), (2, 3), 0), ((7, 8), (1, 2), 1)],
)
def test_dilated_layers_are_computed_apart(chosen, size, dilation, padding, padding_mode):
    input, weight = real_numbers(2, 3, *size), real_numbers(5, 3, 3, 3, seed=1)
    bias = real_numbers(5, seed=2)
    settings = dict(padding=padding, dilation=dilation, padding_mode=padding_mode)
    output = conv2d(input, weight, bias, **settings)
    exact = reference.conv2d(*(array.astype(float) for array in (input, weight, bias)), **settings)
    assert all(chosen) and output.dtype == np.float32 and output.shape == exact.shape
    assert difference(output, exact) < 1e-5
