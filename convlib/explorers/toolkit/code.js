// Programs that compute what an explorer shows, in four libraries: the same numbers in each library's own layout, with
// every pad written out.

const NUMPY_MODES = { zeros: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" };
const TORCH_MODES = { zeros: "constant", reflect: "reflect", replicate: "replicate", circular: "circular" };

/** A number or nested arrays of numbers as Python writes them, with just the digits that a float32 has. */
function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  const digits = [6, 7, 8, 9].find((count) => Math.fround(Number(value.toPrecision(count))) === Math.fround(value));
  return String(Number(value.toPrecision(digits)));
}

const tuple = (values) => `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
const isOne = (values) => values.every((value) => value === 1);
const isNothing = (sides) => sides.flat().every((side) => side === 0);

/** Keyword arguments, without those that are undefined. */
const keywords = (named) =>
  Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `, ${name}=${value}`)
    .join("");

/** NumPy's padding of the last axes of an array with batch and channels. */
const numpyPad = (name, sides, mode) =>
  `np.pad(${name}, [(0, 0), (0, 0), ${sides.map(tuple).join(", ")}], mode="${NUMPY_MODES[mode]}")`;

const convlib = {
  title: "convlib",
  imports: ["import numpy as np", "", "import convlib"],
  conv({ axes, stride, sides, dilation, groups, mode, bias }) {
    const isSymmetric = sides.every(([before, after]) => before === after);
    const settings = {
      bias: bias ? "bias" : undefined,
      stride: isOne(stride) ? undefined : tuple(stride),
      padding: isSymmetric && !isNothing(sides) ? tuple(sides.map(([side]) => side)) : undefined,
      dilation: isOne(dilation) ? undefined : tuple(dilation),
      groups: groups === 1 ? undefined : groups,
      padding_mode: mode === "zeros" || isNothing(sides) || !isSymmetric ? undefined : `"${mode}"`,
    };
    const lines = [`output = convlib.conv${axes}d(input, weight${keywords(settings)})`];
    if (!isSymmetric) lines.unshift(this.pad({ name: "input", sides, mode }));
    return lines;
  },
  pad: ({ name, sides, mode }) =>
    `${name} = convlib.pad(${name}, ${tuple([...sides].reverse().flat())}, mode="${TORCH_MODES[mode]}")`,
};

const torch = {
  title: "PyTorch",
  imports: ["import numpy as np", "import torch", "import torch.nn.functional as F"],
  conv({ axes, stride, sides, dilation, groups, mode, bias }) {
    const settings = {
      bias: bias ? "torch.from_numpy(bias)" : undefined,
      stride: isOne(stride) ? undefined : tuple(stride),
      dilation: isOne(dilation) ? undefined : tuple(dilation),
      groups: groups === 1 ? undefined : groups,
    };
    return [
      "input, weight = torch.from_numpy(input), torch.from_numpy(weight)  # (N, C, …) and (C_out, C_in/groups, …)",
      ...(isNothing(sides) ? [] : [this.pad({ name: "input", sides, mode })]),
      `output = F.conv${axes}d(input, weight${keywords(settings)})`,
    ];
  },
  pad: ({ name, sides, mode }) =>
    `${name} = F.pad(${name}, ${tuple([...sides].reverse().flat())}, mode="${TORCH_MODES[mode]}")`,
};

const keras = {
  title: "Keras",
  imports: ["import keras", "import numpy as np"],
  conv({ stride, sides, dilation, mode, bias }) {
    const settings = {
      strides: isOne(stride) ? undefined : tuple(stride),
      padding: '"valid"',
      dilation_rate: isOne(dilation) ? undefined : tuple(dilation),
    };
    return [
      ...(isNothing(sides) ? [] : [`input = ${numpyPad("input", sides, mode)}`]),
      "input = np.moveaxis(input, 1, -1)  # channels last",
      "weight = np.moveaxis(weight, (0, 1), (-1, -2))  # (…, C_in/groups, C_out)",
      `output = keras.ops.conv(input, weight${keywords({ ...settings, data_format: '"channels_last"' })})`,
      ...(bias ? ["output = output + bias"] : []),
      "output = np.moveaxis(keras.ops.convert_to_numpy(output), -1, 1)",
    ];
  },
};

const jax = {
  title: "JAX",
  imports: ["import numpy as np", "from jax import lax"],
  conv({ axes, stride, sides, dilation, groups, mode, bias }) {
    const isZeros = mode === "zeros" || isNothing(sides);
    const settings = {
      rhs_dilation: isOne(dilation) ? undefined : tuple(dilation),
      feature_group_count: groups === 1 ? undefined : groups,
    };
    const pads = isZeros ? sides : sides.map(() => [0, 0]);
    return [
      ...(isZeros ? [] : [`input = ${numpyPad("input", sides, mode)}`]),
      "# (N, C, …) and (C_out, C_in/groups, …) are the layouts that lax expects",
      `output = lax.conv_general_dilated(input, weight, ${tuple(stride)}, ${`[${pads.map(tuple).join(", ")}]`}${keywords(settings)})`,
      ...(bias ? [`output = output + bias[:, ${Array(axes).fill("None").join(", ")}]`] : []),
    ];
  },
};

export const LIBRARIES = { convlib, torch, keras, jax };

/**
 * A program that ends in `output`, of shape (N, C_out, …):
 *
 *   arrays    { name: what Python is to evaluate }, the operands; nested arrays are written as numbers
 *   extra     lines of imports that the operands need
 *   conv      { axes, stride, sides, dilation, groups, mode, bias: whether there is one }
 *   show      an expression of `output`
 */
export function program(library, { arrays, extra = [], conv, show }) {
  const { imports } = LIBRARIES[library];
  const settings = { groups: 1, mode: "zeros", bias: false, ...conv };
  const operands = Object.entries(arrays).map(
    ([name, value]) => `${name} = ${Array.isArray(value) ? `np.array(${literal(value)}, np.float32)` : value}`,
  );
  return [...imports, ...extra, "", ...operands, "", ...LIBRARIES[library].conv(settings), `print(${show})`, ""].join("\n");
}
