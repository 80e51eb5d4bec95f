"""Compute golden results and gradients with PyTorch and store them: ``python tests/golden/make_golden.py``.

Each case is stored whole, operands and results, so that neither PyTorch nor a random generator is needed to
check it. The results are computed in float64 and rounded once to float32.
"""

import json
import warnings
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("golden.npz")

# name: (operation, shapes of its operands, settings)
CASES = {
    "keeps_5x5": (
        "conv2d", {"input": (1, 5, 5), "weight": (1, 1, 3, 3), "bias": (1,)}, {"padding": 1}
    ),
    "k4_p2_on_5x5": ("conv2d", {"input": (1, 1, 5, 5), "weight": (1, 1, 4, 4)}, {"padding": 2}),
    "colour_5x5": ("conv2d", {"input": (1, 3, 12, 12), "weight": (8, 3, 5, 5), "bias": (8,)}, {}),
    "six_filters_then": ("conv2d", {"input": (1, 3, 16, 16), "weight": (6, 3, 5, 5), "bias": (6,)}, {}),
    "floor_of_112_5": (
        "conv2d", {"input": (2, 3, 14, 14), "weight": (4, 3, 3, 3), "bias": (4,)}, {"stride": 2, "padding": 1}
    ),
    "dilated": ("conv2d", {"input": (1, 2, 7, 7), "weight": (3, 2, 3, 3)}, {"dilation": 2}),
    "dilated_same": (
        "conv2d", {"input": (1, 2, 9, 9), "weight": (3, 2, 3, 2), "bias": (3,)},
        {"dilation": (2, 3), "padding": "same"},
    ),
    "even_same": ("conv2d", {"input": (1, 1, 6, 7), "weight": (2, 1, 4, 2)}, {"padding": "same"}),
    "grouped": (
        "conv2d", {"input": (2, 8, 6, 6), "weight": (12, 2, 3, 3), "bias": (12,)}, {"padding": 1, "groups": 4}
    ),
    "depthwise_twice": (
        "conv2d", {"input": (1, 3, 8, 8), "weight": (6, 1, 3, 3), "bias": (6,)}, {"padding": 1, "groups": 3}
    ),
    "pointwise": ("conv2d", {"input": (1, 16, 5, 5), "weight": (10, 16, 1, 1), "bias": (10,)}, {}),
    "unequal_axes": (
        "conv2d", {"input": (1, 4, 11, 9), "weight": (5, 4, 2, 3), "bias": (5,)},
        {"stride": (3, 2), "padding": (1, 2), "dilation": (2, 1)},
    ),
    "reflect": (
        "conv2d", {"input": (1, 2, 6, 6), "weight": (3, 2, 3, 3), "bias": (3,)},
        {"padding": 2, "padding_mode": "reflect"},
    ),
    "replicate": (
        "conv2d", {"input": (1, 2, 6, 6), "weight": (3, 2, 3, 3), "bias": (3,)},
        {"padding": (3, 1), "padding_mode": "replicate"},
    ),
    "circular": (
        "conv2d", {"input": (1, 2, 6, 6), "weight": (3, 2, 3, 3), "bias": (3,)},
        {"padding": 2, "padding_mode": "circular", "stride": 2},
    ),
    "signal": (
        "conv1d", {"input": (2, 4, 23), "weight": (6, 2, 5), "bias": (6,)},
        {"stride": 2, "padding": 3, "dilation": 2, "groups": 2},
    ),
    "signal_same_circular": (
        "conv1d", {"input": (3, 10), "weight": (2, 3, 4)}, {"padding": "same", "padding_mode": "circular"}
    ),
    "volume": (
        "conv3d", {"input": (1, 2, 6, 7, 8), "weight": (3, 2, 2, 3, 4), "bias": (3,)},
        {"stride": (1, 2, 3), "padding": (0, 1, 2)},
    ),
    "volume_dilated_reflect": (
        "conv3d", {"input": (4, 5, 6, 5), "weight": (4, 1, 2, 2, 3)},
        {"padding": (1, 2, 1), "dilation": (2, 3, 1), "groups": 4, "padding_mode": "reflect"},
    ),
    "image_correlated": (
        "correlate2d", {"image": (8, 9), "kernel": (3, 2)},
        {"stride": (2, 1), "padding": 1, "dilation": (1, 3)},
    ),
    "image_convolved": (
        "convolve2d", {"image": (8, 9), "kernel": (3, 2)}, {"padding": (2, 1), "padding_mode": "replicate"}
    ),
    "transposed_signal": (
        "conv_transpose1d", {"input": (2, 4, 6), "weight": (4, 3, 5), "bias": (6,)},
        {"stride": 3, "padding": 2, "output_padding": 2, "groups": 2, "dilation": 2},
    ),
    "transposed_doubles": (
        "conv_transpose2d", {"input": (1, 4, 5, 6), "weight": (4, 3, 4, 4), "bias": (3,)},
        {"stride": 2, "padding": 1},
    ),
    "transposed_unequal_axes": (
        "conv_transpose2d", {"input": (6, 4, 5), "weight": (6, 1, 2, 3)},
        {"stride": (3, 1), "padding": (1, 0), "output_padding": (2, 0), "groups": 3, "dilation": (1, 2)},
    ),
    "transposed_volume": (
        "conv_transpose3d", {"input": (1, 2, 3, 4, 3), "weight": (2, 2, 2, 3, 3), "bias": (2,)},
        {"stride": (2, 1, 3), "padding": (0, 1, 2), "output_padding": (1, 0, 1)},
    ),
    "max_signal": (
        "max_pool1d", {"input": (2, 3, 17)}, {"kernel_size": 4, "stride": 3, "padding": 2, "dilation": 2}
    ),
    "max_halves": ("max_pool2d", {"input": (1, 2, 8, 9)}, {"kernel_size": 2}),
    "max_overlapping_ceil": (
        "max_pool2d", {"input": (2, 10, 11)},
        {"kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "ceil_mode": True},
    ),
    "max_volume": (
        "max_pool3d", {"input": (1, 2, 6, 7, 8)},
        {"kernel_size": (2, 3, 2), "stride": (2, 1, 3), "padding": (1, 1, 0), "dilation": (1, 2, 3)},
    ),
    "mean_signal": ("avg_pool1d", {"input": (2, 3, 17)}, {"kernel_size": 4, "stride": 3, "padding": 2}),
    "mean_halves": ("avg_pool2d", {"input": (1, 2, 8, 9)}, {"kernel_size": 2}),
    "mean_overlapping_ceil": (
        "avg_pool2d", {"input": (2, 10, 11)},
        {"kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "ceil_mode": True},
    ),
    "mean_without_padding": (
        "avg_pool2d", {"input": (2, 10, 11)},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
    ),
    "mean_volume": (
        "avg_pool3d", {"input": (1, 2, 6, 7, 8)},
        {"kernel_size": (2, 3, 4), "stride": (1, 2, 3), "padding": (0, 1, 2), "ceil_mode": True},
    ),
    "windows": (
        "unfold", {"input": (2, 3, 6, 7)},
        {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (0, 1), "stride": (1, 2)},
    ),
    "windows_put_back": (
        "fold", {"input": (2, 12, 24)},
        {"output_size": (7, 8), "kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 0),
         "stride": (2, 1)},
    ),
    "pad_row": ("pad", {"input": (2, 3, 5)}, {"pad": (4, 1), "mode": "reflect"}),
    "pad_image": ("pad", {"input": (2, 4, 5)}, {"pad": (3, 1, 0, 2), "value": 0.5}),
    "pad_volume": ("pad", {"input": (1, 2, 3, 4, 5)}, {"pad": (5, 1, 0, 4, 2, 3), "mode": "circular"}),
    "pad_volume_replicate": (
        "pad", {"input": (2, 3, 2, 4)}, {"pad": (1, 2, 3, 4, 0, 5), "mode": "replicate"}
    ),
}  # fmt: skip


def results_of_pytorch(operation, operands, settings, make_gradient):
    """What PyTorch gives for NumPy operands: the output, a maximum's indices, gradients for input and weight.

    ``make_gradient`` makes the output's gradient, "grad_output", given the output's shape.
    """
    import torch

    tensors = {name: torch.from_numpy(array) for name, array in operands.items()}
    differentiated = [name for name in ("input", "weight") if name in tensors]
    for name in differentiated:
        tensors[name].requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # even kernels and "same" cost PyTorch a copy
        output = forward(operation, **tensors, **settings)
    results = {}
    if operation.startswith("max_pool"):
        output, indices = output
        results["indices"] = indices.numpy()
    results["output"] = output.detach().numpy()
    if differentiated:
        results["grad_output"] = make_gradient(results["output"].shape)
        upstream = torch.from_numpy(results["grad_output"])
        found = torch.autograd.grad(output, [tensors[name] for name in differentiated], upstream)
        results |= {f"{name}_gradient": gradient.numpy() for name, gradient in zip(differentiated, found)}
    return results


def forward(operation, **arguments):
    """PyTorch's operation of the same name, or what comes to the same."""
    import torch

    if operation in ("conv1d", "conv2d", "conv3d"):
        return convolve(operation, **arguments)
    if operation in ("correlate2d", "convolve2d"):
        image, kernel = arguments.pop("image"), arguments.pop("kernel")
        kernel = kernel.flip(0, 1) if operation == "convolve2d" else kernel
        return convolve("conv2d", image[None], kernel[None, None], **arguments)[0]
    if operation.startswith("max_pool"):
        arguments["return_indices"] = True
    return getattr(torch.nn.functional, operation)(**arguments)


def convolve(operation, input, weight, bias=None, groups=1, **settings):
    """What PyTorch's layer with these weights gives; its functions know no padding mode."""
    import torch

    channels_out, channels_in, *kernel = weight.shape
    make_layer = getattr(torch.nn, operation.capitalize())
    layer = make_layer(
        channels_in * groups,
        channels_out,
        kernel,
        bias=bias is not None,
        groups=groups,
        device="meta",
        **settings,
    )
    weights = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return torch.func.functional_call(layer, weights, (input,))


def make_cases():
    """Arrays by name, "case/array", and operations and settings as JSON."""
    random = np.random.default_rng(0)

    def real_numbers(shape):
        return random.normal(size=shape).astype(np.float32).astype(np.float64)

    calls = {name: (operation, settings) for name, (operation, _, settings) in CASES.items()}
    arrays = {"calls": np.array(json.dumps(calls))}
    for name, (operation, shapes, settings) in CASES.items():
        operands = {operand: real_numbers(shape) for operand, shape in shapes.items()}
        of_case = operands | results_of_pytorch(operation, operands, settings, real_numbers)
        for key, array in of_case.items():
            arrays[f"{name}/{key}"] = array.astype(np.float32) if array.dtype.kind == "f" else array
    return arrays


if __name__ == "__main__":
    np.savez_compressed(PATH, **make_cases())
    print(f"{PATH.name}: {len(CASES)} cases, {PATH.stat().st_size / 1000:.0f} kB")
