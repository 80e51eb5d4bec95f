"""Every micro-kernel computes the same: around a tile's width, and where vectors hold output channels."""

import numba
import numpy as np
import pytest
from conftest import with_each_number_of_threads

from convlib import conv1d, conv2d, conv3d, conv_transpose2d, engine, reference
from convlib.loops.correlation import DEEP_VECTORS, HAS_DEEP_TILE, SINGLE_RUNS, VECTOR_BYTES, WIDE_BLOCK
from convlib.loops.cutting import LEAST_DEEP, block_for

has_deep_tile = pytest.mark.skipif(not HAS_DEEP_TILE, reason="needs the registers of AVX-512")


def numbers(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def deep_block(itemsize):
    return DEEP_VECTORS * VECTOR_BYTES // itemsize


@pytest.fixture
def always_deep(monkeypatch):
    """Every layer takes the deep tile; plans that are remembered know nothing of it."""
    monkeypatch.setattr(engine, "block_for", lambda channels, weights, width, itemsize: deep_block(itemsize))
    engine.plan_correlation.cache_clear(), engine.plan_room.cache_clear()
    yield
    engine.plan_correlation.cache_clear(), engine.plan_room.cache_clear()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("more", [-1, 0, 1, VECTOR_BYTES // 4])
def test_a_depthwise_layer_is_exact_around_the_width_of_a_tile(more, dtype):
    width = SINGLE_RUNS * VECTOR_BYTES // np.dtype(dtype).itemsize + more
    input, weight = numbers(1, 2, 5, width, dtype=dtype), numbers(2, 1, 3, 3, dtype=dtype, seed=1)
    for settings in (dict(padding=1), dict(padding=(1, 0)), dict(padding=1, stride=(2, 1))):
        output = conv2d(input, weight, groups=2, **settings)
        np.testing.assert_array_equal(output, reference.conv2d(input, weight, groups=2, **settings))


@has_deep_tile
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("channels_out", [1, 17, 32, 33])
@pytest.mark.parametrize("width", [1, 9, 14, 15, 30])
def test_it_computes_the_definition_exactly(always_deep, width, channels_out, dtype):
    input, weight = numbers(1, 2, 3, width, dtype=dtype), numbers(channels_out, 2, 3, 3, dtype=dtype, seed=1)
    bias = numbers(channels_out, dtype=dtype, seed=2)
    output = conv2d(input, weight, bias, padding=1)
    np.testing.assert_array_equal(output, reference.conv2d(input, weight, bias, padding=1))
    assert output.dtype == dtype


@has_deep_tile
@pytest.mark.parametrize(
    "settings",
    [
        dict(stride=2), dict(stride=(1, 3), padding=(0, 1)), dict(dilation=2, padding=2), dict(groups=2),
        dict(padding=2, padding_mode="reflect"), dict(padding="same", padding_mode="circular"),
    ],
)  # fmt: skip
def test_settings_are_those_of_every_tile(always_deep, settings):
    input, weight = numbers(2, 4, 9, 16), numbers(34, 4 // settings.get("groups", 1), 3, 3, seed=1)
    np.testing.assert_array_equal(
        conv2d(input, weight, **settings), reference.conv2d(input, weight, **settings)
    )


@has_deep_tile
def test_sequences_volumes_and_transposed_layers_take_it_too(always_deep):
    sequence, kernels = numbers(2, 3, 40), numbers(5, 3, 4, seed=1)
    np.testing.assert_array_equal(conv1d(sequence, kernels), reference.conv1d(sequence, kernels))
    volume, kernels = numbers(1, 2, 4, 5, 15), numbers(20, 2, 2, 3, 3, seed=1)
    np.testing.assert_array_equal(
        conv3d(volume, kernels, padding=1), reference.conv3d(volume, kernels, padding=1)
    )
    image, kernels = numbers(1, 3, 5, 10), numbers(3, 18, 3, 3, seed=1)
    for settings in (dict(), dict(stride=2, padding=1, output_padding=1)):
        np.testing.assert_array_equal(
            conv_transpose2d(image, kernels, **settings),
            reference.conv_transpose2d(image, kernels, **settings),
        )


@has_deep_tile
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has one thread")
def test_any_number_of_threads_gives_the_same_bits(always_deep):
    random = np.random.default_rng(0)
    input, weight = random.normal(size=(3, 16, 28, 28)), random.normal(size=(48, 16, 3, 3))
    outputs = with_each_number_of_threads(lambda: conv2d(input, weight, padding=1))
    for output in outputs[1:]:
        np.testing.assert_array_equal(output, outputs[0])


@has_deep_tile
def test_it_is_taken_where_it_wastes_less():
    layer = dict(channels=64, weights=576, width=56, itemsize=4)
    assert block_for(**layer) == deep_block(4) and block_for(**layer | dict(width=14)) == deep_block(4)
    for change in (
        dict(width=32),  # two whole vectors of columns, while three deep tiles would be needed
        dict(width=224),  # both are full
        dict(channels=36),  # half of the second deep block would be empty
        dict(weights=LEAST_DEEP - 1),
    ):
        assert block_for(**layer | change) == WIDE_BLOCK, change
