// convlib.wasm for JavaScript: the loops of the library, run in the page.
//
// An array is { data: Float32Array, shape: [...] }, C-contiguous as in NumPy. Operations are named, and shapes and
// settings mean, what they do in Python: convlib.max_pool2d is engine.maxPool2d, gradients.conv2d_weight is
// engine.conv2dWeight; the list is OPERATIONS. Settings are an object, { stride, padding, dilation, groups, paddingMode },
// each one number or one per axis; padding may also be a pair [before, after] for each axis.

export const MODES = ["zeros", "reflect", "replicate", "circular"]; // in the order of the module's mode numbers

const PAGE = 65536; // bytes by which WebAssembly memory grows
const LIMIT = 2 ** 31; // bytes; beyond, addresses no longer fit the module's integers
const ALIGNMENT = 64;

const engines = new WeakMap();

/**
 * The engine of a model whose `data` is the module; compiled once, however many views ask. A second model may hold the
 * relaxed module, which is faster and which not every browser accepts.
 */
export function loadEngine(model, relaxed = model) {
  if (!engines.has(model)) {
    const modules = [relaxed, model].map((each) => asBytes(each.get("data")));
    const started = WebAssembly.instantiate(modules.find((bytes) => WebAssembly.validate(bytes)) ?? modules[1], {});
    engines.set(model, started.then(({ instance }) => new Engine(instance.exports)));
  }
  return engines.get(model);
}

/** The bytes of a trait, which arrive as a DataView. */
export const asBytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

export const array = (data, shape) => ({ data: Float32Array.from(data), shape });

/** An array of two dimensions from rows of numbers. */
export const fromRows = (rows) => array(rows.flat(), [rows.length, rows[0].length]);

export const toRows = ({ data, shape: [rows, columns] }) =>
  Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));

export const product = (shape) => shape.reduce((total, extent) => total * extent, 1);

/** Settings of one axis or of all, as one per axis. */
const each = (setting, axes) => (Array.isArray(setting) ? setting : Array(axes).fill(setting));

/** How windows lie on each axis. */
function windowsOf(axes, { stride = 1, padding = 0, dilation = 1 }) {
  const sides = each(padding, axes).map((side) => each(side, 2));
  const before = sides.map(([side]) => side);
  const after = sides.map(([, side]) => side);
  return { stride: each(stride, axes), before, after, dilation: each(dilation, axes) };
}

// What exports.py calls Settings, in its order: counts, then three numbers each, with those of axes that are not there.
const COUNTS = { batch: 1, inputs: 1, outputs: 1, groups: 1, mode: 0 };
const AXES = { size: 1, kernel: 1, stride: 1, before: 0, after: 0, dilation: 1, output: 1 };
const SETTINGS = 5 + 3 * 7;

class Engine {
  constructor(exports) {
    this.exports = exports;
    this.clear();
  }

  // Sizes along one axis; below 1 when the window does not fit.

  outputSize(size, kernel, stride = 1, padding = 0, dilation = 1) {
    const [before, after] = each(padding, 2);
    return this.count("output_size", size, kernel, stride, before, after, dilation);
  }

  poolOutputSize(size, kernel, stride = kernel, padding = 0, dilation = 1, ceilMode = false) {
    return this.count("pool_output_size", size, kernel, stride, padding, dilation, ceilMode);
  }

  transposedOutputSize(size, kernel, stride = 1, padding = 0, outputPadding = 0, dilation = 1) {
    return this.count("transposed_output_size", size, kernel, stride, padding, outputPadding, dilation);
  }

  // Of one plane, for the explorers that show one.

  /** A plane of shape (H, W) with a ring of the given thickness. */
  pad(plane, ring, mode) {
    return this.pad2d(plane, { padding: ring, paddingMode: mode });
  }

  /** Correlation of one plane with one kernel, both of two dimensions. */
  correlate(plane, kernel, { mode, ...settings } = {}) {
    const { data, shape } = this.conv2d(asOne(plane), asOne(kernel), { ...settings, paddingMode: mode });
    return { data, shape: shape.slice(2) };
  }

  // Memory is handed out from the heap's base upwards and forgotten at the next operation.

  clear() {
    this.free = this.exports.__heap_base.value;
  }

  allocate(bytes) {
    const { memory } = this.exports;
    const address = Math.ceil(this.free / ALIGNMENT) * ALIGNMENT;
    const end = address + bytes;
    if (end > LIMIT) throw new Error(`convlib.wasm has at most 2 GiB for arrays; these take ${(end / 2 ** 30).toFixed(1)} GiB`);
    const missing = end - memory.buffer.byteLength;
    try {
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw new Error(`convlib.wasm needs ${Math.ceil(end / 2 ** 20)} MiB for arrays, more than the browser gives`, { cause });
    }
    this.free = end;
    return address;
  }

  put(data) {
    const address = this.allocate(4 * data.length);
    new Float32Array(this.exports.memory.buffer, address, data.length).set(data);
    return address;
  }

  room(shape) {
    return this.allocate(4 * product(shape));
  }

  take(address, shape, Numbers = Float32Array) {
    return { data: new Numbers(this.exports.memory.buffer, address, product(shape)).slice(), shape };
  }

  /** The address of a record of settings. */
  tell(record) {
    const address = this.allocate(4 * SETTINGS);
    const numbers = new Int32Array(this.exports.memory.buffer, address, SETTINGS);
    let at = 0;
    for (const name in COUNTS) numbers[at++] = record[name] ?? COUNTS[name];
    for (const name in AXES) {
      const values = record[name] ?? [];
      for (let axis = values.length - 3; axis < values.length; axis++) numbers[at++] = values[axis] ?? AXES[name];
    }
    return address;
  }

  /** Runs a compiled function, which first takes two addresses that it writes to: the number that it returns. */
  call(name, ...args) {
    const returned = this.allocate(16);
    const status = this.exports[name](returned, returned + 8, ...args);
    if (status !== 0) throw new Error(`convlib.wasm: ${name}(${args}) ended with status ${status}`);
    return new Float64Array(this.exports.memory.buffer, returned, 1)[0];
  }

  count(name, ...args) {
    this.clear();
    return this.call(name, ...args);
  }

  /** Runs a compiled function that needs memory to work in: the address of its result, of the given shape. */
  compute(name, operands, shape, record) {
    const settings = this.tell(record);
    const target = this.room(shape);
    const scratch = this.allocate(this.call(`${name}_scratch`, settings));
    this.call(name, ...operands, target, scratch, settings);
    return target;
  }
}

const asOne = ({ data, shape }) => ({ data, shape: [1, 1, ...shape] }); // one image, one channel

function fitting(output) {
  if (!output.every((size) => size >= 1)) throw new Error(`the windows do not fit: the output would have size ${output}`);
  return output;
}

// Operations on so many axes

/** What the module is told of an input (…, channels, size…) and a weight (outputs, channels of a group, kernel…). */
function convolution(axes, inputShape, weightShape, { groups = 1, paddingMode = "zeros", ...settings }) {
  return {
    batch: product(inputShape.slice(0, -axes - 1)),
    inputs: inputShape.at(-axes - 1),
    outputs: weightShape[0],
    groups,
    mode: MODES.indexOf(paddingMode),
    size: inputShape.slice(-axes),
    kernel: weightShape.slice(-axes),
    ...windowsOf(axes, settings),
  };
}

/** The same where the weight is (channels, outputs of a group, kernel…). */
function transposed(axes, inputShape, weightShape, settings) {
  const record = convolution(axes, inputShape, weightShape, settings);
  return { ...record, outputs: weightShape[1] * record.groups };
}

function convolve(engine, axes, name, input, weight, bias, record) {
  const shape = [...input.shape.slice(0, -axes - 1), record.outputs, ...record.output];
  engine.clear();
  const operands = [input.data, weight.data, bias ?? new Float32Array(record.outputs)].map((data) => engine.put(data));
  return engine.take(engine.compute(name, operands, shape, record), shape);
}

function conv(engine, axes, input, weight, { bias, ...settings } = {}) {
  const record = convolution(axes, input.shape, weight.shape, settings);
  const { size, kernel, stride, before, after, dilation } = record;
  const count = (n, i) => engine.outputSize(n, kernel[i], stride[i], [before[i], after[i]], dilation[i]);
  return convolve(engine, axes, "correlate", input, weight, bias, { ...record, output: fitting(size.map(count)) });
}

function convTranspose(engine, axes, input, weight, { bias, outputPadding = 0, ...settings } = {}) {
  const record = transposed(axes, input.shape, weight.shape, settings);
  const { size, kernel, stride, before, dilation } = record;
  const more = each(outputPadding, axes);
  const count = (n, i) => engine.transposedOutputSize(n, kernel[i], stride[i], before[i], more[i], dilation[i]);
  return convolve(engine, axes, "transpose", input, weight, bias, { ...record, output: fitting(size.map(count)) });
}

/** The gradient for the input: a transposed convolution, whose padding passes its share on to what it copied. */
function convInput(engine, axes, inputShape, weight, gradOutput, settings = {}) {
  const record = transposed(axes, gradOutput.shape, weight.shape, settings);
  const { before, after, mode, batch, outputs } = record;
  const size = inputShape.slice(-axes);
  if (mode === MODES.indexOf("zeros")) {
    return convolve(engine, axes, "transpose", gradOutput, weight, undefined, { ...record, output: size });
  }
  const output = size.map((n, i) => before[i] + n + after[i]);
  engine.clear();
  const operands = [gradOutput.data, weight.data, new Float32Array(outputs)].map((data) => engine.put(data));
  const whole = { ...record, before: [], output };
  const padded = engine.compute("transpose", operands, [batch, outputs, ...output], whole);
  return unpadded(engine, padded, inputShape, { batch, inputs: outputs, mode, size, before, after });
}

/** The gradient for the weight. The one for the bias is the sum of gradOutput over all but channels. */
function convWeight(engine, axes, input, weightShape, gradOutput, settings = {}) {
  const record = { ...convolution(axes, input.shape, weightShape, settings), output: gradOutput.shape.slice(-axes) };
  engine.clear();
  const operands = [input.data, gradOutput.data].map((data) => engine.put(data));
  return engine.take(engine.compute("weight_gradient", operands, weightShape, record), weightShape);
}

/** What the module is told of padding the last axes, and the padded shape. */
function paddingOf(axes, shape, { padding, paddingMode = "zeros" }) {
  const { before, after } = windowsOf(axes, { padding });
  const lead = shape.slice(0, -axes);
  const size = shape.slice(-axes);
  const padded = [...lead, ...size.map((n, i) => before[i] + n + after[i])];
  return { record: { batch: product(lead), mode: MODES.indexOf(paddingMode), size, before, after }, padded };
}

function pad(engine, axes, { data, shape }, { value = 0, ...settings }) {
  const { record, padded } = paddingOf(axes, shape, settings);
  engine.clear();
  const source = engine.put(data);
  const target = engine.room(padded);
  engine.call("pad", source, target, engine.tell(record), value);
  return engine.take(target, padded);
}

function padInput(engine, axes, inputShape, gradOutput, settings) {
  engine.clear();
  return unpadded(engine, engine.put(gradOutput.data), inputShape, paddingOf(axes, inputShape, settings).record);
}

function unpadded(engine, source, shape, record) {
  const target = engine.room(shape);
  engine.call("unpad", source, target, engine.tell(record));
  return engine.take(target, shape);
}

/** What the module is told of a pool, and the shape of its output. */
function poolOf(engine, axes, inputShape, kernelSize, { ceilMode = false, stride, padding, dilation }) {
  const kernel = each(kernelSize, axes);
  const windows = windowsOf(axes, { stride: stride ?? kernel, padding, dilation });
  const lead = inputShape.slice(0, -axes);
  const size = inputShape.slice(-axes);
  const count = (n, i) =>
    engine.poolOutputSize(n, kernel[i], windows.stride[i], windows.before[i], windows.dilation[i], ceilMode);
  const output = fitting(size.map(count));
  return { record: { batch: product(lead), size, kernel, ...windows, output }, shape: [...lead, ...output] };
}

/** With returnIndices the pair [output, indices], whose data is an Int32Array. */
function maxPool(engine, axes, input, kernelSize, { returnIndices = false, ...settings } = {}) {
  const { record, shape } = poolOf(engine, axes, input.shape, kernelSize, settings);
  engine.clear();
  const source = engine.put(input.data);
  const target = engine.room(shape);
  const indices = engine.room(returnIndices ? shape : [0]);
  engine.call("max_pool", source, target, indices, returnIndices, engine.tell(record));
  const output = engine.take(target, shape);
  return returnIndices ? [output, engine.take(indices, shape, Int32Array)] : output;
}

function maxPoolInput(engine, axes, input, gradOutput, kernelSize, settings = {}) {
  const { record, shape } = poolOf(engine, axes, input.shape, kernelSize, settings);
  engine.clear();
  const [source, gradient] = [input.data, gradOutput.data].map((data) => engine.put(data));
  const [largest, indices, target] = [shape, shape, input.shape].map((of) => engine.room(of));
  const told = engine.tell(record);
  engine.call("max_pool", source, largest, indices, true, told);
  engine.call("scatter", gradient, indices, target, told);
  return engine.take(target, input.shape);
}

function avgPool(engine, axes, input, kernelSize, { countIncludePad = true, ...settings } = {}) {
  const { record, shape } = poolOf(engine, axes, input.shape, kernelSize, settings);
  engine.clear();
  const source = engine.put(input.data);
  const target = engine.room(shape);
  engine.call("avg_pool", source, target, countIncludePad, engine.tell(record));
  return engine.take(target, shape);
}

function avgPoolInput(engine, axes, inputShape, gradOutput, kernelSize, { countIncludePad = true, ...settings } = {}) {
  const { record } = poolOf(engine, axes, inputShape, kernelSize, settings);
  engine.clear();
  const source = engine.put(gradOutput.data);
  const target = engine.room(inputShape);
  engine.call("avg_pool_back", source, target, countIncludePad, engine.tell(record));
  return engine.take(target, inputShape);
}

// # is the number of axes: engine.conv1d, engine.conv2d, engine.conv3d, engine.conv1dInput …
const OPERATIONS = {
  "conv#d": conv, // (input, weight, { bias, stride, padding, dilation, groups, paddingMode })
  "conv#dInput": convInput, // (inputShape, weight, gradOutput, the same but bias)
  "conv#dWeight": convWeight, // (input, weightShape, gradOutput, the same)
  "convTranspose#d": convTranspose, // (input, weight, { bias, stride, padding, outputPadding, dilation, groups })
  "maxPool#d": maxPool, // (input, kernelSize, { stride, padding, dilation, ceilMode, returnIndices })
  "maxPool#dInput": maxPoolInput, // (input, gradOutput, kernelSize, the same)
  "avgPool#d": avgPool, // (input, kernelSize, { stride, padding, ceilMode, countIncludePad })
  "avgPool#dInput": avgPoolInput, // (inputShape, gradOutput, kernelSize, the same)
  "pad#d": pad, // (array, { padding, paddingMode, value }), the last # axes of any array
  "pad#dInput": padInput, // (inputShape, gradOutput, { padding, paddingMode })
};
for (const [name, operation] of Object.entries(OPERATIONS)) {
  for (const axes of [1, 2, 3]) {
    Engine.prototype[name.replace("#", axes)] = function (...args) {
      return operation(this, axes, ...args);
    };
  }
}
