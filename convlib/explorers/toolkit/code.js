// Programs that compute what an explorer shows, in four libraries: the same numbers in each library's own layout, with
// every pad written out.

const NUMPY_MODES = { zeros: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" };
const TORCH_POOLS = { max: "max_pool2d", average: "avg_pool2d" };
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

/** NumPy's padding of the last axes of an array with batch and channels, or that of a library like it. */
const numpyPad = (name, sides, mode, numpy = "np") =>
  `${numpy}.pad(${name}, [(0, 0), (0, 0), ${sides.map(tuple).join(", ")}], mode="${NUMPY_MODES[mode]}")`;

/** A pool's settings as PyTorch names them; without those that are its defaults. */
const poolSettings = ({ kernelSize, stride, padding }) =>
  `${kernelSize}${keywords({
    stride: stride === kernelSize ? undefined : stride,
    padding: padding || undefined,
  })}`;

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
  pad: ({ name, sides, mode, to = name }) =>
    `${to} = convlib.pad(${name}, ${tuple([...sides].reverse().flat())}, mode="${TORCH_MODES[mode]}")`,
  chain: ({ axes, rates, padding }) => [
    `for d in ${rates}:`,
    `    output = convlib.conv${axes}d(output, weight, padding=${padding}, dilation=d)`,
  ],
  paths: ({ units, unit }) => [
    `output = np.zeros((1, 1, ${units}, ${units}), np.float32)`,
    `output[0, 0, ${unit}, ${unit}] = 1  # the unit's gradient for its own layer`,
    "for k, s, d in reversed(layers):",
    "    n = (output.shape[-1] - 1) * s + d * (k - 1) + 1  # what this layer reads has n × n units",
    "    weight = np.ones((1, 1, k, k), np.float32)",
    "    output = convlib.gradients.conv2d_input((1, 1, n, n), weight, output, stride=s, dilation=d)",
  ],
  pool: (pool) => [`output = convlib.${TORCH_POOLS[pool.kind]}(input, ${poolSettings(pool)})`],
  train: ({ rate, steps }) => [
    "wanted = convlib.conv2d(input, target)",
    "weight = np.zeros_like(target)",
    `for _ in range(${steps}):`,
    "    error = convlib.conv2d(input, weight) - wanted",
    "    gradient = convlib.gradients.conv2d_weight(input, weight.shape, 2 / error.size * error)",
    `    weight = weight - ${rate} * gradient`,
    "output = weight",
  ],
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
  pad: ({ name, sides, mode, to = name }) =>
    `${to} = F.pad(${to === name ? name : `torch.from_numpy(${name})`}, ${tuple([...sides].reverse().flat())}, mode="${TORCH_MODES[mode]}")`,
  chain: ({ axes, rates, padding }) => [
    "output, weight = torch.from_numpy(output), torch.from_numpy(weight)",
    `for d in ${rates}:`,
    `    output = F.conv${axes}d(output, weight, padding=${padding}, dilation=d)`,
  ],
  paths: ({ size, unit }) => [
    `input = torch.zeros((1, 1, ${size}, ${size}), requires_grad=True)`,
    "units = input",
    "for k, s, d in layers:",
    "    units = F.conv2d(units, torch.ones((1, 1, k, k)), stride=s, dilation=d)",
    `units[0, 0, ${unit}, ${unit}].backward()`,
    "output = input.grad",
  ],
  pool: (pool) => [`output = F.${TORCH_POOLS[pool.kind]}(torch.from_numpy(input), ${poolSettings(pool)})`],
  train: ({ rate, steps }) => [
    "input, target = torch.from_numpy(input), torch.from_numpy(target)",
    "wanted = F.conv2d(input, target)",
    "weight = torch.zeros_like(target, requires_grad=True)",
    `optimizer = torch.optim.SGD([weight], lr=${rate})`,
    `for _ in range(${steps}):`,
    "    optimizer.zero_grad()",
    "    F.mse_loss(F.conv2d(input, weight), wanted).backward()",
    "    optimizer.step()",
    "output = weight.detach()",
  ],
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
  // NumPy pads: not every backend of Keras knows every mode
  pad: ({ name, sides, mode, to }) => `${to} = keras.ops.convert_to_tensor(${numpyPad(name, sides, mode)})`,
  chain: ({ axes, rates, padding }) => [
    "weight = np.moveaxis(weight, (0, 1), (-1, -2))  # (…, C_in, C_out)",
    `for d in ${rates}:`,
    `    padded = np.pad(output, [(0, 0), (0, 0)] + [(${padding}, ${padding})] * ${axes})`,
    "    padded = np.moveaxis(padded, 1, -1)  # channels last",
    '    output = keras.ops.conv(padded, weight, padding="valid", dilation_rate=d, data_format="channels_last")',
    "    output = np.moveaxis(keras.ops.convert_to_numpy(output), -1, 1)",
  ],
  // a gradient would need the backend's own functions
  paths: ({ size, unit }) => [
    `n = ${size}`,
    "# one image for each position: 1 there and 0 elsewhere; how much of the 1 reaches the unit?",
    "units = np.eye(n * n, dtype=np.float32).reshape(n * n, n, n, 1)  # channels last",
    "for k, s, d in layers:",
    "    weight = np.ones((k, k, 1, 1), np.float32)",
    '    units = keras.ops.conv(units, weight, strides=s, padding="valid", dilation_rate=d, data_format="channels_last")',
    `output = keras.ops.convert_to_numpy(units)[:, ${unit}, ${unit}, 0].reshape(1, 1, n, n)`,
  ],
  pool: ({ kind, kernelSize, stride, padding }) => {
    const side = tuple([padding, padding]);
    const value = kind === "max" ? ", constant_values=-np.inf" : "";
    const settings = { strides: stride, padding: '"valid"', data_format: '"channels_last"' };
    return [
      ...(padding ? [`input = np.pad(input, [(0, 0), (0, 0), ${side}, ${side}]${value})`] : []),
      "input = np.moveaxis(input, 1, -1)  # channels last",
      `output = keras.ops.${kind}_pool(input, ${kernelSize}${keywords(settings)})`,
      "output = np.moveaxis(keras.ops.convert_to_numpy(output), -1, 1)",
    ];
  },
  train: ({ rate, steps, kernel }) => [
    "input = np.moveaxis(input, 1, -1)  # channels last",
    "target = np.moveaxis(target, (0, 1), (-1, -2))  # (…, C_in, C_out)",
    'wanted = keras.ops.conv(input, target, padding="valid", data_format="channels_last")',
    "layer = keras.layers.Conv2D(",
    `    1, ${kernel}, use_bias=False, kernel_initializer="zeros", data_format="channels_last"`,
    ")",
    "model = keras.Sequential([keras.Input(input.shape[1:]), layer])",
    `model.compile(optimizer=keras.optimizers.SGD(${rate}), loss="mse")`,
    `for _ in range(${steps}):`,
    "    model.train_on_batch(input, wanted)",
    "output = np.moveaxis(layer.get_weights()[0], (-1, -2), (0, 1))",
  ],
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
  pad: ({ name, sides, mode, to }) => `${to} = ${numpyPad(name, sides, mode, "jax.numpy")}`,
  chain: ({ axes, rates, padding }) => [
    `for d in ${rates}:`,
    `    sides = [(${padding}, ${padding})] * ${axes}`,
    `    output = lax.conv_general_dilated(output, weight, ${tuple(Array(axes).fill(1))}, sides, rhs_dilation=(d,) * ${axes})`,
  ],
  paths: ({ size, unit }) => [
    "",
    "def unit(input):",
    "    for k, s, d in layers:",
    "        weight = np.ones((1, 1, k, k), np.float32)",
    '        input = lax.conv_general_dilated(input, weight, (s, s), "VALID", rhs_dilation=(d, d))',
    `    return input[0, 0, ${unit}, ${unit}]`,
    "",
    "",
    `output = jax.grad(unit)(np.zeros((1, 1, ${size}, ${size}), np.float32))`,
  ],
  pool: ({ kind, kernelSize, stride, padding }) => {
    const [start, reduce, mean] = kind === "max" ? ["-np.inf", "max", ""] : ["0.0", "add", ` / ${kernelSize ** 2}`];
    const [window, strides] = [kernelSize, stride].map((size) => tuple([1, 1, size, size]));
    const sides = [0, 0, padding, padding].map((side) => tuple([side, side])).join(", ");
    return [`output = lax.reduce_window(input, ${start}, lax.${reduce}, ${window}, ${strides}, [${sides}])${mean}`];
  },
  train: ({ rate, steps }) => [
    "def convolve(weight):",
    '    return lax.conv_general_dilated(input, weight, (1, 1), "VALID")',
    "",
    "",
    "wanted = convolve(target)",
    "gradient = jax.jit(jax.grad(lambda weight: ((convolve(weight) - wanted) ** 2).mean()))",
    "weight = np.zeros_like(target)",
    `for _ in range(${steps}):`,
    `    weight = weight - ${rate} * gradient(weight)`,
    "output = weight",
  ],
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
  const settings = { groups: 1, mode: "zeros", bias: false, ...conv };
  return written(library, { arrays, extra, lines: LIBRARIES[library].conv(settings), show });
}

/** A program that pads `input`, of shape (N, C, …), by the sides [before, after] of each axis: the padded `output`. */
export function padProgram(library, { arrays, sides, mode, show }) {
  const lines = [LIBRARIES[library].pad({ name: "input", sides, mode, to: "output" })];
  return written(library, { arrays, extra: library === "jax" ? ["import jax.numpy"] : [], lines, show });
}

/**
 * A program that convolves an impulse with kernels of ones, one for each dilation, padded so that nothing is cut off:
 * how many paths lead to each position, as `output` of shape (1, 1, …).
 */
export function chainProgram(library, { axes, dilations, kernelSize, show }) {
  const ones = (size) => `np.ones(${tuple([1, 1, ...Array(axes).fill(size)])}, np.float32)`;
  const chain = { axes, rates: literal(dilations), padding: `d * (${kernelSize} - 1)` };
  const arrays = { output: ones(1), weight: ones(kernelSize) };
  return written(library, { arrays, extra: [], lines: LIBRARIES[library].chain(chain), show });
}

/**
 * A program that pools `input`, of shape (N, C, H, W), after a cyclic shift of its columns to the right: `output`.
 * `kind` is "max" or "average"; the padding is −∞ or zeros that count.
 */
export function poolProgram(library, { arrays, kind, kernelSize, stride, padding, shift, show }) {
  const lines = LIBRARIES[library].pool({ kind, kernelSize, stride, padding });
  if (shift) lines.unshift(`input = np.roll(input, ${shift}, axis=-1)`);
  return written(library, { arrays, extra: [], lines, show });
}

/**
 * A program that counts over how many paths one unit of a stack of layers [kernel size, stride, dilation] sees each
 * position of an input of size × size: the gradient of the unit for the input, with kernels of ones, as `output` of
 * shape (1, 1, …). `units` is the size of the unit's layer, `unit` its row and column.
 */
export function pathsProgram(library, { layers, size, units, unit, show }) {
  const arrays = { layers: `[${layers.map(tuple).join(", ")}]  # kernel_size, stride, dilation` };
  const extra = library === "jax" ? ["import jax"] : [];
  return written(library, { arrays, extra, lines: LIBRARIES[library].paths({ size, units, unit }), show });
}

/**
 * A program that makes an output of `input` with the kernel `target`, nested arrays of shape (1, 1, …), and finds this
 * kernel by so many steps of gradient descent from zeros: the learned kernel, `output` of shape (1, 1, KH, KW).
 */
export function trainProgram(library, { input, target, rate, steps, show }) {
  const kernel = tuple([target[0][0].length, target[0][0][0].length]);
  const decimal = Number.isInteger(rate) ? rate.toFixed(1) : rate; // Keras refuses an integer
  const lines = LIBRARIES[library].train({ rate: decimal, steps, kernel });
  return written(library, { arrays: { input, target }, extra: library === "jax" ? ["import jax"] : [], lines, show });
}

function written(library, { arrays, extra, lines, show }) {
  const operands = Object.entries(arrays).map(
    ([name, value]) => `${name} = ${Array.isArray(value) ? `np.array(${literal(value)}, np.float32)` : value}`,
  );
  return [...LIBRARIES[library].imports, ...extra, "", ...operands, "", ...lines, `print(${show})`, ""].join("\n");
}
