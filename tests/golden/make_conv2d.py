"""Compute golden convolutions with PyTorch and store them: ``python tests/golden/make_conv2d.py``.

Each case is stored whole, operands and result, so that neither PyTorch nor a random generator is needed to
check it. The results are computed in float64 and rounded once to float32.
"""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("conv2d.npz")

# name: (input shape, weight shape, with bias, settings)
CASES = {
    "keeps_5x5": ((1, 5, 5), (1, 1, 3, 3), True, {"padding": 1}),
    "k4_p2_on_5x5": ((1, 1, 5, 5), (1, 1, 4, 4), False, {"padding": 2}),
    "colour_5x5": ((1, 3, 12, 12), (8, 3, 5, 5), True, {}),
    "six_filters_then": ((1, 3, 16, 16), (6, 3, 5, 5), True, {}),
    "floor_of_112_5": ((2, 3, 14, 14), (4, 3, 3, 3), True, {"stride": 2, "padding": 1}),
    "dilated": ((1, 2, 7, 7), (3, 2, 3, 3), False, {"dilation": 2}),
    "dilated_same": ((1, 2, 9, 9), (3, 2, 3, 2), True, {"dilation": (2, 3), "padding": "same"}),
    "even_same": ((1, 1, 6, 7), (2, 1, 4, 2), False, {"padding": "same"}),
    "grouped": ((2, 8, 6, 6), (12, 2, 3, 3), True, {"padding": 1, "groups": 4}),
    "depthwise_twice": ((1, 3, 8, 8), (6, 1, 3, 3), True, {"padding": 1, "groups": 3}),
    "pointwise": ((1, 16, 5, 5), (10, 16, 1, 1), True, {}),
    "unequal_axes": (
        (1, 4, 11, 9), (5, 4, 2, 3), True, {"stride": (3, 2), "padding": (1, 2), "dilation": (2, 1)}
    ),
    "reflect": ((1, 2, 6, 6), (3, 2, 3, 3), True, {"padding": 2, "padding_mode": "reflect"}),
    "replicate": ((1, 2, 6, 6), (3, 2, 3, 3), True, {"padding": (3, 1), "padding_mode": "replicate"}),
    "circular": ((1, 2, 6, 6), (3, 2, 3, 3), True, {"padding": 2, "padding_mode": "circular", "stride": 2}),
}  # fmt: skip


def layer_output(input, weight, bias, settings):
    """What ``torch.nn.Conv2d`` with these weights gives."""
    import torch

    groups = settings.get("groups", 1)
    layer = torch.nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),
        bias=bias is not None,
        dtype=torch.from_numpy(input).dtype,
        **settings,
    )
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(bias))
        return layer(torch.from_numpy(input)).numpy()


def make_cases():
    """Arrays by name, "case/operand", and the settings as JSON."""
    random = np.random.default_rng(0)
    arrays = {"settings": np.array(json.dumps({name: case[3] for name, case in CASES.items()}))}
    for name, (input_shape, weight_shape, with_bias, settings) in CASES.items():
        operands = {
            "input": random.normal(size=input_shape).astype(np.float32),
            "weight": random.normal(size=weight_shape).astype(np.float32),
            "bias": random.normal(size=weight_shape[0]).astype(np.float32) if with_bias else None,
        }
        exact = {key: None if array is None else array.astype(np.float64) for key, array in operands.items()}
        operands["output"] = layer_output(**exact, settings=settings).astype(np.float32)
        arrays |= {f"{name}/{key}": array for key, array in operands.items() if array is not None}
    return arrays


if __name__ == "__main__":
    np.savez_compressed(PATH, **make_cases())
    print(f"{PATH.name}: {len(CASES)} cases, {PATH.stat().st_size / 1000:.0f} kB")
