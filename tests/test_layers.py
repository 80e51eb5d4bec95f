"""Layers: they compute and learn what PyTorch's do, and their gradients are the slopes of the loss.

Where weights and inputs are small whole numbers, sums are exact in any order, so results must be equal.
"""

import inspect
import warnings

import numba
import numpy as np
import pytest

from convlib import conv2d
from convlib.layers import (
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    Conv1d,
    Conv2d,
    Conv3d,
    DepthwiseSeparableConv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    Parameter,
    ReLU,
    Sequential,
    cross_entropy,
)

try:
    import torch
except ImportError:
    torch = None
    warnings.warn("PyTorch is not installed: the layers were NOT compared with it", stacklevel=1)

needs_torch = pytest.mark.skipif(
    torch is None, reason="PyTorch is not installed: the layers were NOT compared with it"
)
DOUBLE = {"dtype": np.float64}


def real_numbers(shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def whole_numbers(shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def count(layer):
    return sum(parameter.value.size for parameter in layer.parameters())


def small_net(dtype=np.float64, seed=0):
    """Every kind of layer once, for images (N, 2, 8, 8) and three classes."""
    rng = np.random.default_rng(seed)
    of_all = {"rng": rng, "dtype": dtype}
    return Sequential(
        Conv2d(2, 4, 3, padding=1, padding_mode="reflect", **of_all),
        ReLU(),
        MaxPool2d(2),
        DepthwiseSeparableConv2d(4, 5, activation=ReLU(), **of_all),
        AvgPool2d(2),
        Flatten(),
        Linear(20, 3, **of_all),
    )


# PyTorch

# (layer, its name in torch.nn, what both are called with, the input's shape)
ALIKE = [
    ("Conv1d", (3, 4, 3), {}, (2, 3, 9)),
    ("Conv1d", (4, 6, 4), {"stride": 2, "padding": 3, "dilation": 2, "groups": 2}, (4, 12)),
    ("Conv2d", (3, 4, (3, 2)), {}, (2, 3, 6, 7)),
    ("Conv2d", (4, 6, 3, 2, 1, 1, 2, False, "reflect"), {}, (2, 4, 6, 7)),
    ("Conv2d", (2, 3, (3, 4)), {"padding": "same", "dilation": (2, 1)}, (2, 2, 6, 7)),
    ("Conv2d", (2, 3, 3), {"padding": "valid", "bias": False}, (2, 5, 6)),
    ("Conv2d", (3, 3, 3), {"padding": (1, 2), "padding_mode": "circular", "groups": 3}, (1, 3, 5, 4)),
    ("Conv2d", (1, 2, 3), {"padding": 2, "padding_mode": "replicate", "stride": (1, 3)}, (2, 1, 4, 5)),
    ("Conv3d", (2, 3, 2), {"stride": (1, 2, 1), "padding": 1}, (2, 2, 3, 4, 5)),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1}, (2, 3, 8)),
    ("MaxPool2d", (2,), {}, (2, 3, 6, 7)),
    ("MaxPool2d", ((3, 2), 2, 1), {"dilation": (2, 1), "ceil_mode": True}, (3, 7, 8)),
    ("MaxPool3d", (2, 1), {}, (1, 2, 3, 4, 5)),
    ("AvgPool1d", (2,), {}, (2, 3, 8)),
    ("AvgPool2d", (3, 2, 1, True, False), {}, (2, 3, 6, 8)),
    ("AvgPool2d", ((2, 3),), {"padding": 1, "stride": 1}, (3, 6, 7)),
    ("AvgPool3d", (2, 1), {}, (1, 2, 3, 4, 5)),
    ("ReLU", (), {}, (2, 3, 4)),
    ("Flatten", (), {}, (2, 3, 4, 5)),
    ("Linear", (6, 4), {}, (5, 6)),
    ("Linear", (6, 4, False), {}, (6,)),
]  # fmt: skip


def by_name(name):
    return globals()[name]


def as_torch(ours, theirs):
    """The PyTorch module in float64 with our weights."""
    theirs = theirs.double()
    for parameter, target in zip(ours.parameters(), theirs.parameters(), strict=True):
        target.data = torch.from_numpy(parameter.value.copy())
    return theirs


def assert_same_passes(ours, theirs, shape):
    """Forward and all gradients, for random gradients of the output."""
    input = real_numbers(shape)
    tensor = torch.from_numpy(input.copy()).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # even kernels and "same" cost PyTorch a copy
        expected = theirs(tensor)
    output = ours(input)
    np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    gradient = real_numbers(output.shape, seed=1)
    expected.backward(torch.from_numpy(gradient))
    np.testing.assert_allclose(ours.backward(gradient), tensor.grad.numpy(), rtol=1e-10, atol=1e-12)
    for parameter, target in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert parameter.gradient.shape == parameter.value.shape
        np.testing.assert_allclose(parameter.gradient, target.grad.numpy(), rtol=1e-10, atol=1e-12)


@needs_torch
@pytest.mark.parametrize(("name", "arguments", "settings", "shape"), ALIKE)
def test_pytorch_computes_the_same_output_and_gradients(name, arguments, settings, shape):
    precision = DOUBLE if name.startswith(("Conv", "Linear")) else {}
    ours = by_name(name)(*arguments, **settings, **precision)
    assert_same_passes(ours, as_torch(ours, getattr(torch.nn, name)(*arguments, **settings)), shape)


@needs_torch
def test_pytorch_computes_the_same_for_a_whole_network():
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU(), nn.Conv2d(4, 5, 1)),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(20, 3),
    )
    ours = small_net()
    assert_same_passes(ours, as_torch(ours, theirs), (3, 2, 8, 8))


@needs_torch
def test_pytorch_computes_the_same_cross_entropy():
    scores, labels = 50 * real_numbers((6, 4)), np.array([0, 3, 1, 1, 2, 0])
    tensor = torch.from_numpy(scores).requires_grad_()
    expected = torch.nn.functional.cross_entropy(tensor, torch.from_numpy(labels))
    expected.backward()
    loss, gradient = cross_entropy(scores, labels)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-15)


@needs_torch
@pytest.mark.parametrize("name", sorted({name for name, *_ in ALIKE} - {"ReLU", "Flatten"}))
def test_arguments_have_pytorchs_names_order_and_defaults(name):
    def described(layer, without):
        parameters = inspect.signature(layer).parameters.values()
        return [(p.name, p.default) for p in parameters if p.name not in without]

    theirs = described(getattr(torch.nn, name), {"device", "dtype", "return_indices", "divisor_override"})
    assert described(by_name(name), {"rng", "dtype"}) == theirs


@needs_torch
@pytest.mark.parametrize(("name", "arguments", "settings", "shape"), ALIKE)
def test_attributes_have_pytorchs_names_and_shapes(name, arguments, settings, shape):
    theirs = dict(getattr(torch.nn, name)(*arguments, **settings).named_parameters())
    ours = by_name(name)(*arguments, **settings)
    assert [parameter.name for parameter in ours.parameters()] == list(theirs)
    for key, tensor in theirs.items():
        assert getattr(ours, key).value.shape == tuple(tensor.shape)


@needs_torch
@pytest.mark.parametrize(
    ("name", "arguments"), [("Conv2d", (8, 40, 5)), ("Conv1d", (64, 64, 9)), ("Linear", (100, 90))]
)
def test_weights_begin_spread_as_pytorchs(name, arguments):
    torch.manual_seed(0)
    theirs, ours = getattr(torch.nn, name)(*arguments), by_name(name)(*arguments)
    bound = 1 / np.sqrt(ours.weight.value[0].size)
    for array in (ours.weight.value, theirs.weight.detach().numpy()):
        assert np.abs(array).max() == pytest.approx(bound, rel=0.01)
        assert array.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)
    for array in (ours.bias.value, theirs.bias.detach().numpy()):
        assert 0.8 * bound < np.abs(array).max() <= bound


# Gradients without PyTorch


def test_gradients_are_the_slopes_of_the_loss():
    net, images, labels = small_net(), real_numbers((4, 2, 8, 8)), np.array([0, 1, 2, 1])
    grad_images = net.backward(cross_entropy(net(images), labels)[1])
    step = 1e-6
    pairs = [(images, grad_images), *((p.value, p.gradient) for p in net.parameters())]
    assert len(pairs) == 9
    for seed, (array, gradient) in enumerate(pairs):
        direction = real_numbers(array.shape, seed=seed)
        losses = []
        for sign in (1, -1):
            array += sign * step * direction
            losses.append(cross_entropy(net(images), labels)[0])
            array -= sign * step * direction
        slope = (losses[0] - losses[1]) / (2 * step)
        assert slope == pytest.approx((gradient * direction).sum(), rel=1e-5, abs=1e-9)


def test_a_hand_computed_step_through_linear_and_relu():
    net = Sequential(Linear(2, 2, **DOUBLE), ReLU())
    net[0].weight.value, net[0].bias.value = np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([1.0, 1.0])
    assert net(np.array([[1.0, 2.0]])).tolist() == [[6, 0]]  # 1 + 4 + 1, and 3 − 8 + 1 = −4 is cut off
    assert net.backward(np.array([[10.0, 10.0]])).tolist() == [[10, 20]]
    assert net[0].weight.gradient.tolist() == [[10, 20], [0, 0]]
    assert net[0].bias.gradient.tolist() == [10, 0]


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes():
    loss, gradient = cross_entropy(np.zeros((2, 4), np.float32), [1, 3])
    assert loss == pytest.approx(np.log(4))
    assert gradient.dtype == np.float32
    assert gradient.tolist() == [[0.125, -0.375, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]]


def test_cross_entropy_survives_scores_that_overflow_an_exponential():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, gradient = cross_entropy(np.array([[1000.0, -1000.0], [1000.0, -1000.0]]), [0, 1])
        assert cross_entropy(np.array([[0.0, -np.inf]]), [1])[0] == np.inf
        assert np.isnan(cross_entropy(np.array([[0.0, np.nan]]), [0])[0])
    assert loss == 1000
    assert gradient.tolist() == [[0, 0], [0.5, -0.5]]


def test_relu_keeps_a_nan_and_passes_no_gradient_at_zero():
    layer = ReLU()
    np.testing.assert_array_equal(layer([np.nan, 0.0, -np.inf, np.inf]), [np.nan, 0, 0, np.inf])
    np.testing.assert_array_equal(layer.backward([1.0, np.nan, np.inf, 2.0]), [1, 0, 0, 2])


# What the sources say


def test_six_then_ten_kernels_shrink_32_to_28_to_24():
    first, second = Conv2d(3, 6, 5), Conv2d(6, 10, 5)
    maps = first(np.zeros((3, 32, 32), np.float32))
    assert maps.shape == (6, 28, 28)
    assert second(maps).shape == (10, 24, 24)
    assert (count(first), count(second), count(Sequential(first, second))) == (456, 1510, 1966)


@pytest.mark.parametrize(
    ("layer", "parameters"),
    [
        (Conv2d(3, 32, 5), 2432),
        (Conv2d(64, 128, 1), 8320),
        (Conv2d(64, 64, 3, padding=1, groups=4), 9280),
        (Conv2d(64, 64, 3, padding=1), 36_928),
        (DepthwiseSeparableConv2d(3, 4, bias=False), 39),
        (Conv2d(3, 4, 3, bias=False), 108),
        (DepthwiseSeparableConv2d(64, 128), 8960),
        (Conv2d(64, 128, 3), 73_856),
        (Linear(128 * 128 * 128, 10), 20_971_530),
        (Sequential(MaxPool2d(2), AvgPool2d(2), ReLU(), Flatten()), 0),
    ],
)
def test_the_sources_layers_have_so_many_parameters(layer, parameters):
    assert count(layer) == parameters


def test_four_groups_hold_a_quarter_of_the_weights():
    assert Conv2d(64, 64, 3, groups=4).weight.value.shape == (64, 16, 3, 3)


# Depthwise separable convolution


@pytest.mark.parametrize(
    "settings",
    [{}, {"kernel_size": 5, "dilation": 2}, {"stride": 2, "padding": 1, "padding_mode": "reflect"}],
)
def test_without_activation_a_separable_convolution_is_one_dense_convolution(settings):
    block = DepthwiseSeparableConv2d(3, 4, **settings, **DOUBLE)
    for seed, parameter in enumerate(block.parameters()):
        parameter.value = whole_numbers(parameter.value.shape, seed=seed)
    input = whole_numbers((2, 3, 9, 8))
    p, d = block.pointwise.weight.value, block.depthwise.weight.value
    bias = p[:, :, 0, 0] @ block.depthwise.bias.value + block.pointwise.bias.value
    settings = {name: value for name, value in settings.items() if name != "kernel_size"}
    dense = conv2d(input, p * d[:, 0], bias, **{"padding": "same"} | settings)
    np.testing.assert_array_equal(block(input), dense)


def test_with_an_activation_a_separable_convolution_is_not_linear():
    input = real_numbers((3, 8, 8))
    plain = DepthwiseSeparableConv2d(3, 4, bias=False, **DOUBLE)
    bent = DepthwiseSeparableConv2d(3, 4, bias=False, activation=ReLU(), **DOUBLE)
    np.testing.assert_allclose(plain(-input), -plain(input), rtol=1e-12)
    assert not np.allclose(bent(-input), -bent(input), atol=0.1)


@pytest.mark.parametrize("kernel_size", [1, 3, 4, 5, (7, 3)])
def test_a_separable_convolution_keeps_the_size_whatever_the_kernel(kernel_size):
    block = DepthwiseSeparableConv2d(2, 3, kernel_size)
    assert block(np.zeros((2, 10, 9), np.float32)).shape == (3, 10, 9)


def test_the_two_halves_of_a_separable_convolution_begin_with_different_numbers():
    block = DepthwiseSeparableConv2d(3, 9, kernel_size=1, bias=False)
    assert not np.intersect1d(block.depthwise.weight.value, block.pointwise.weight.value).size


# Learning


def bars(images, seed):
    """Noisy images with a bar that lies (class 0) or stands (class 1), anywhere."""
    rng = np.random.default_rng(seed)
    labels, places = rng.integers(0, 2, images), rng.integers(1, 7, images)
    pictures = 0.3 * rng.normal(size=(images, 1, 8, 8))
    for picture, label, place in zip(pictures, labels, places):
        picture[0, :, place] += label
        picture[0, place, :] += 1 - label
    return pictures.astype(np.float32), labels


def bar_net(seed=0):
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 4, 3, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(4, 8, 3, rng=rng),
        ReLU(),
        Flatten(),
        Linear(8, 2, rng=rng),
    )


def train(net, images, labels, epochs, rate=0.3, batch=10):
    """Stochastic gradient descent; returns the loss of every step."""
    losses = []
    for start in list(range(0, len(images), batch)) * epochs:
        loss, gradient = cross_entropy(net(images[start : start + batch]), labels[start : start + batch])
        net.backward(gradient)
        for parameter in net.parameters():
            parameter.value -= rate * parameter.gradient
        losses.append(loss)
    return losses


@pytest.fixture
def one_thread():
    """Loops this small are quickest on one thread, by far where other programs keep the cores busy."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(threads)


def test_a_small_network_learns_to_tell_lying_bars_from_standing_ones(one_thread):
    images, labels = bars(200, seed=1)
    unseen, answers = bars(200, seed=2)
    net = bar_net()
    losses = train(net, images, labels, epochs=5)
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])
    assert (net(unseen).argmax(axis=1) == answers).mean() >= 0.95


def test_the_same_seed_learns_the_same_bits_on_any_number_of_threads():
    images, labels = bars(20, seed=1)

    def learned(seed):
        net = bar_net(seed)
        train(net, images, labels, epochs=2)
        return b"".join(parameter.value.tobytes() for parameter in net.parameters())

    threads = numba.get_num_threads()
    first = learned(0)
    try:
        numba.set_num_threads(1)
        assert learned(0) == first
    finally:
        numba.set_num_threads(threads)
    assert learned(1) != first


def test_a_layer_is_reproducible_by_default_and_its_precision_only_rounds_it():
    first, second = Conv2d(2, 3, 3), Conv2d(2, 3, 3)
    np.testing.assert_array_equal(first.weight.value, second.weight.value)
    double = Conv2d(2, 3, 3, **DOUBLE)
    np.testing.assert_array_equal(first.weight.value, double.weight.value.astype(np.float32))
    seeded = Conv2d(2, 3, 3, rng=5), Conv2d(2, 3, 3, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(seeded[0].weight.value, seeded[1].weight.value)
    assert not np.array_equal(first.weight.value, seeded[0].weight.value)
    rng = np.random.default_rng(0)
    one_after_the_other = Linear(3, 3, rng=rng), Linear(3, 3, rng=rng)
    assert not np.array_equal(*(layer.weight.value for layer in one_after_the_other))


# What a layer promises


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_are_left_alone_and_results_are_fresh_and_contiguous(dtype, order):
    images = np.array(real_numbers((3, 2, 8, 8), dtype), order=order)
    for layer in small_net(dtype).layers:
        before = images.copy()
        output = layer(images)
        gradient = np.array(whole_numbers(output.shape, dtype), order=order)
        kept = gradient.copy()
        results = [output, layer.backward(gradient), *(p.gradient for p in layer.parameters())]
        np.testing.assert_array_equal(images, before)
        np.testing.assert_array_equal(gradient, kept)
        for result in results:
            assert result.dtype == dtype and result.flags.c_contiguous and result.flags.writeable
            for given in (images, gradient, *(p.value for p in layer.parameters())):
                assert not np.shares_memory(result, given)
        images = np.array(output, order=order)


def test_a_second_backward_overwrites_the_gradients():
    layer = Conv2d(1, 1, 2, **DOUBLE)
    layer(whole_numbers((1, 4, 4)))
    once = layer.backward(np.ones((1, 3, 3)))
    weight, bias = layer.weight.gradient, layer.bias.gradient
    again = layer.backward(np.ones((1, 3, 3)))
    np.testing.assert_array_equal(again, once)
    np.testing.assert_array_equal(layer.weight.gradient, weight)
    np.testing.assert_array_equal(layer.bias.gradient, bias)
    assert layer.weight.gradient is not weight


def test_backward_belongs_to_the_last_forward():
    layer = Linear(2, 1, **DOUBLE)
    for input in ([1.0, 2.0], [30.0, 40.0]):
        layer(np.array(input))
    layer.backward(np.array([1.0]))
    assert layer.weight.gradient.tolist() == [[30, 40]]


def test_a_refused_backward_leaves_the_gradients_as_they_were():
    layer = Conv2d(1, 1, 2, **DOUBLE)
    layer(whole_numbers((1, 4, 4)))
    layer.backward(np.ones((1, 3, 3)))
    weight = layer.weight.gradient
    with pytest.raises(ValueError):
        layer.backward(np.ones((1, 4, 4)))
    assert layer.weight.gradient is weight


def test_an_empty_batch_passes_both_ways():
    net = small_net()
    assert net(np.zeros((0, 2, 8, 8))).shape == (0, 3)
    assert net.backward(np.zeros((0, 3))).shape == (0, 2, 8, 8)
    assert not any(parameter.gradient.any() for parameter in net.parameters())


def test_nested_lists_are_taken_as_arrays():
    layer = Conv2d(1, 1, 1, **DOUBLE)
    layer.weight.value[:], layer.bias.value[:] = 3, 1
    assert layer([[[1.0, 2.0]]]).tolist() == [[[4, 7]]]
    assert layer.backward([[[1.0, 1.0]]]).tolist() == [[[3, 3]]]
    assert layer.bias.gradient.tolist() == [2]


@pytest.mark.parametrize(
    ("layer", "printed"),
    [
        (Conv1d(2, 4, 3, padding="same"), "Conv1d(2, 4, kernel_size=(3,), stride=(1,), padding='same')"),
        (Conv2d(3, 32, 5), "Conv2d(3, 32, kernel_size=(5, 5), stride=(1, 1))"),
        (Conv2d(4, 8, 3, 2, [1, 0], 1, np.int64(4), False, "reflect"),
         "Conv2d(4, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 0), groups=4, padding_mode='reflect', "
         "bias=False)"),
        (Conv3d(1, 2, 2, dilation=2),
         "Conv3d(1, 2, kernel_size=(2, 2, 2), stride=(1, 1, 1), dilation=(2, 2, 2))"),
        (MaxPool1d(2, ceil_mode=True), "MaxPool1d(kernel_size=(2,), stride=(2,), ceil_mode=True)"),
        (MaxPool2d(3, 2, 1, [1, 2]),
         "MaxPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 2))"),
        (AvgPool2d(2), "AvgPool2d(kernel_size=(2, 2), stride=(2, 2))"),
        (AvgPool3d(2, count_include_pad=False),
         "AvgPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), count_include_pad=False)"),
        (Linear(72, 10), "Linear(72, 10)"),
        (Linear(72, 10, False), "Linear(72, 10, bias=False)"),
        (Sequential(ReLU(), DepthwiseSeparableConv2d(2, 4)),
         "Sequential(\n  (0): ReLU()\n  (1): DepthwiseSeparableConv2d(\n"
         "    (0): Conv2d(2, 2, kernel_size=(3, 3), stride=(1, 1), padding='same', groups=2)\n"
         "    (1): Conv2d(2, 4, kernel_size=(1, 1), stride=(1, 1))\n  )\n)"),
        (Linear(2, 3).bias, "Parameter('bias', shape (3,), float32)"),
    ],
)  # fmt: skip
def test_a_layer_prints_what_is_not_ordinary_about_it(layer, printed):
    assert repr(layer) == printed


def test_a_reader_can_write_a_layer_of_their_own():
    class Scale(Layer):
        def __init__(self):
            self.factor = Parameter("factor", np.array([3.0]))

        def forward(self, input):
            self.remembered = input
            return self.factor.value * input

        def backward(self, grad_output):
            self.factor.gradient = np.array([(self.recall() * grad_output).sum()])
            return self.factor.value * grad_output

    net = Sequential(Scale(), ReLU())
    assert net(np.array([2.0, -1.0])).tolist() == [6, 0]
    assert net.backward(np.array([1.0, 1.0])).tolist() == [3, 0]
    assert [parameter.gradient.item() for parameter in net.parameters()] == [2]


# Wrong calls

RELU = ReLU()
IMAGE = np.zeros((3, 8, 8), np.float32)
SCORES = np.zeros((2, 3), np.float32)


def after_forward(layer, input, grad_output):
    """A backward call, its forward call being right."""

    def backward():
        layer(input)
        layer.backward(grad_output)

    return backward


# (call, error, what the message must contain)
WRONG = [
    # what a layer is made of
    (lambda: Conv2d(0, 4, 3), ValueError, "Conv2d: in_channels must be at least 1, got 0"),
    (lambda: Conv2d(3, 4.0, 3), TypeError, "Conv2d: out_channels must be an integer, got 4.0"),
    (lambda: Conv2d(3, 4, (3, 3, 3)), ValueError, "Conv2d: kernel_size must be an integer or 2", "(3, 3, 3)"),
    (lambda: Conv2d(3, 4, 3, groups=2), ValueError, "Conv2d: groups must divide in_channels 3", "got 2"),
    (lambda: Conv2d(3, 4, 3, stride=0), ValueError, "Conv2d: stride must be at least 1, got 0"),
    (lambda: Conv2d(3, 4, 3, dilation=0), ValueError, "Conv2d: dilation must be at least 1, got 0"),
    (lambda: Conv2d(3, 4, 3, 2, "same"), ValueError, "Conv2d: padding='same' needs stride 1", "(2, 2)"),
    (lambda: Conv2d(3, 4, 3, padding_mode="zero"), ValueError,
     "Conv2d: padding_mode must be one of 'zeros'", "got 'zero'"),
    (lambda: Conv2d(3, 4, 3, bias=np.zeros(4)), TypeError, "Conv2d: bias must be True or False"),
    (lambda: Conv2d(3, 4, 3, dtype=np.float16), TypeError,
     "Conv2d: dtype must be np.float32 or np.float64", "float16"),
    (lambda: Conv2d(3, 4, 3, dtype=int), TypeError, "dtype must be np.float32 or np.float64", "int"),
    (lambda: Conv2d(3, 4, 3, rng="zero"), TypeError, "rng must be a seed", "'zero'"),
    (lambda: Conv2d(3, 4, 3, rng=-1), TypeError, "rng must be a seed of at least 0", "-1"),
    (lambda: Conv3d(2**20, 2**20, 64), ValueError, "Conv3d: the weight of shape (1048576, 1048576", "TiB"),
    (lambda: DepthwiseSeparableConv2d(3, 4, stride=2), ValueError, "padding='same' needs stride 1"),
    (lambda: DepthwiseSeparableConv2d(3, 4, activation="relu"), TypeError,
     "DepthwiseSeparableConv2d: layer 1 must be a layer, such as ReLU(), got 'relu'"),
    (lambda: DepthwiseSeparableConv2d(3, 4, rng="zero"), TypeError, "DepthwiseSeparableConv2d: rng must be"),
    (lambda: MaxPool2d(0), ValueError, "MaxPool2d: kernel_size must be at least 1, got 0"),
    (lambda: MaxPool2d(2, padding=2), ValueError,
     "MaxPool2d: padding along rows (H) must be at most 1", "got 2"),
    (lambda: MaxPool2d(2, dilation=0), ValueError, "MaxPool2d: dilation must be at least 1, got 0"),
    (lambda: MaxPool2d(2, ceil_mode=1), TypeError, "MaxPool2d: ceil_mode must be True or False, got 1"),
    (lambda: MaxPool2d(2, 2, 0, 1, True), TypeError, "positional"),
    (lambda: AvgPool1d(2, count_include_pad=1), TypeError,
     "AvgPool1d: count_include_pad must be True or False, got 1"),
    (lambda: Linear(0, 2), ValueError, "Linear: in_features must be at least 1, got 0"),
    (lambda: Linear(2, True), TypeError, "Linear: out_features must be an integer, got the bool True"),
    (lambda: Sequential(Flatten(), ReLU), TypeError,
     "Sequential: layer 1 must be a layer, such as ReLU(), got <class"),
    (lambda: Sequential([Flatten()]), TypeError, "Sequential: layer 0 must be a layer"),
    (lambda: Sequential(RELU, Flatten(), RELU), ValueError,
     "Sequential: layer 2 holds the very same ReLU as one before it", "make a second one"),
    (lambda: Sequential(DepthwiseSeparableConv2d(3, 3, activation=RELU),
                        DepthwiseSeparableConv2d(3, 3, activation=RELU)), ValueError,
     "Sequential: layer 1 holds the very same ReLU as one before it"),
    # forward
    (lambda: Conv2d(4, 6, 3)(IMAGE), ValueError,
     "Conv2d: input has 3 channels, but weight expects 4 (weight.shape[1] × groups = 4 × 1)"),
    (lambda: Conv2d(3, 6, 9)(IMAGE), ValueError, "Conv2d: along rows (H) the window spans 9", "8 elements"),
    (lambda: Conv2d(3, 6, 3)(IMAGE.astype(np.float64)), TypeError,
     "Conv2d: input is float64, but weight is float32"),
    (lambda: Conv2d(3, 6, 3)(IMAGE.astype(np.float16)), TypeError,
     "Conv2d: input must hold float32, float64 or integers, got float16"),
    (lambda: Conv2d(3, 6, 3)(IMAGE.astype(np.uint8)), TypeError,
     "Conv2d: input is uint8, but weight is float32"),
    (lambda: Conv1d(3, 6, 3)(IMAGE[0, 0]), ValueError,
     "Conv1d: input must have shape (N, C_in, L) or (C_in, L)"),
    (lambda: MaxPool3d(2)(IMAGE), ValueError, "MaxPool3d: input must have shape (N, C, D, H, W)"),
    (lambda: AvgPool2d(2)(IMAGE.astype(int)), TypeError, "AvgPool2d: input holds int64", "mean of integers"),
    (lambda: Flatten()(np.zeros(3)), ValueError, "Flatten: input must have shape (N, C, …), got shape (3,)"),
    (lambda: ReLU()([True]), TypeError, "ReLU: input must hold float32, float64 or integers, got bool"),
    (lambda: Linear(64, 2)(IMAGE), ValueError,
     "Linear: input must have shape (N, 64) or (64,), got shape (3, 8, 8)"),
    (lambda: Linear(3, 2)(SCORES.astype(np.float64)), TypeError,
     "Linear: input is float64, but weight is float32"),
    # backward
    (lambda: Conv2d(3, 6, 3).backward(IMAGE), RuntimeError,
     "Conv2d: backward needs the input of a forward call, and there was none"),
    (lambda: Sequential(Flatten(), Linear(2, 2)).backward(IMAGE), RuntimeError, "Linear: backward needs"),
    (lambda: Layer().backward(IMAGE), NotImplementedError, "Layer must define forward and backward"),
    (after_forward(Conv2d(3, 6, 3), IMAGE, np.zeros((6, 8, 8), np.float32)), ValueError,
     "Conv2d: grad_output must have shape (6, 6, 6)", "got shape (6, 8, 8)"),
    (after_forward(Conv2d(3, 6, 3), IMAGE, np.zeros((6, 6, 6))), TypeError,
     "Conv2d: input is float32, but grad_output is float64"),
    (after_forward(MaxPool2d(2), IMAGE, IMAGE), ValueError,
     "MaxPool2d: grad_output must have shape (3, 4, 4)"),
    (after_forward(AvgPool2d(2), IMAGE, IMAGE), ValueError,
     "AvgPool2d: grad_output must have shape (3, 4, 4)"),
    (after_forward(ReLU(), IMAGE, IMAGE[:1]), ValueError, "ReLU: grad_output must have shape (3, 8, 8)"),
    (after_forward(Flatten(), IMAGE, IMAGE), ValueError, "Flatten: grad_output must have shape (3, 64)"),
    (after_forward(Linear(3, 2), SCORES, SCORES), ValueError, "Linear: grad_output must have shape (2, 2)"),
    (after_forward(Linear(3, 2), SCORES, np.zeros((2, 2))), TypeError,
     "Linear: input is float32, but grad_output is float64"),
    # the loss
    (lambda: cross_entropy(SCORES, [0, 3]), ValueError,
     "cross_entropy: labels must be from 0 to 2, for 3 classes, got labels from 0 to 3"),
    (lambda: cross_entropy(SCORES, [-1, 0]), ValueError, "labels must be from 0 to 2", "from -1 to 0"),
    (lambda: cross_entropy(SCORES, [[0, 0, 1], [1, 0, 0]]), ValueError,
     "cross_entropy: labels must have shape (2,)", "(2, 3)"),
    (lambda: cross_entropy(SCORES, [0.0, 1.0]), TypeError, "labels integers", "float64"),
    (lambda: cross_entropy(SCORES.astype(int), [0, 1]), TypeError,
     "cross_entropy: scores must be float32 or float64", "int64"),
    (lambda: cross_entropy(SCORES[0], [0]), ValueError, "scores must have shape (N, classes)", "(3,)"),
    (lambda: cross_entropy(SCORES[:0], []), ValueError, "scores must have shape", "(0, 3)"),
]  # fmt: skip


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[2])
def test_a_wrong_call_is_refused_in_words_that_teach(row):
    call, error, *said = row
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    for words in said:
        assert words in str(raised.value)
    assert raised.value.__cause__ is None
