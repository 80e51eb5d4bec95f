// convlib.wasm for JavaScript: the loops of the library, run in the page.
//
// An array is { data: Float32Array, shape: [...] }, C-contiguous as in NumPy.

export const MODES = ["zeros", "reflect", "replicate", "circular"]; // in the order of the module's mode numbers

const PAGE = 65536; // bytes by which WebAssembly memory grows
const ALIGNMENT = 64;
const SCRATCH = 16; // bytes of each of the two addresses that a compiled function writes to

const engines = new WeakMap();

/** The engine of a model whose `data` is the module; compiled once, however many views ask. */
export function loadEngine(model) {
  if (!engines.has(model)) {
    const started = WebAssembly.instantiate(asBytes(model.get("data")), {});
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

class Engine {
  constructor(exports) {
    this.exports = exports;
  }

  /** Windows along one axis; below 1 when the window does not fit. */
  outputSize(size, kernel, stride, padding, dilation) {
    this.free = this.exports.__heap_base.value;
    return this.call("output_size", size, kernel, stride, padding, dilation);
  }

  /** A plane of shape (H, W) with a ring of the given thickness. */
  pad({ data, shape: [h, w] }, ring, mode) {
    const shape = [h + 2 * ring, w + 2 * ring];
    this.free = this.exports.__heap_base.value;
    const source = this.put(data);
    const target = this.allocate(size(shape));
    this.call("pad2d", source, target, 1, h, w, ring, ring, ring, ring, MODES.indexOf(mode));
    return this.take(target, shape);
  }

  /** Correlation of one plane with one kernel, both of two dimensions. */
  correlate(plane, kernel, options) {
    const { data, shape } = this.conv2d(asOne(plane), asOne(kernel), options);
    return { data, shape: shape.slice(2) };
  }

  /** Correlation of (N, C, H, W) with weights of shape (C_out, C / groups, KH, KW); the same numbers on both axes. */
  conv2d(input, weight, { bias, stride = 1, padding = 0, dilation = 1, groups = 1, mode = "zeros" } = {}) {
    const [n, c, h, w] = input.shape;
    const [outputs, , kh, kw] = weight.shape;
    const shape = [n, outputs, ...[[h, kh], [w, kw]].map((sizes) => this.outputSize(...sizes, stride, padding, dilation))];
    const sizes = [n, c, h, w, outputs, kh, kw, stride, stride, padding, padding, padding, padding, dilation, dilation];
    sizes.push(groups, MODES.indexOf(mode));

    this.free = this.exports.__heap_base.value;
    const scratch = this.allocate(this.call("conv2d_scratch", ...sizes));
    const operands = [input.data, weight.data, bias ?? new Float32Array(outputs)].map((data) => this.put(data));
    const target = this.allocate(size(shape));
    this.call("conv2d", ...operands, target, scratch, ...sizes);
    return this.take(target, shape);
  }

  // Memory is handed out from the heap's base upwards and forgotten at the next operation.
  allocate(count) {
    const address = Math.ceil(this.free / ALIGNMENT) * ALIGNMENT;
    this.free = address + 4 * count;
    const missing = this.free - this.exports.memory.buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  put(data) {
    const address = this.allocate(data.length);
    new Float32Array(this.exports.memory.buffer, address, data.length).set(data);
    return address;
  }

  take(address, shape) {
    return { data: new Float32Array(this.exports.memory.buffer, address, size(shape)).slice(), shape };
  }

  /** Runs a compiled function; what it returns in its first address, as an integer. */
  call(name, ...args) {
    const returned = this.allocate(SCRATCH);
    const status = this.exports[name](returned, this.allocate(SCRATCH), ...args);
    if (status !== 0) throw new Error(`convlib.wasm: ${name}(${args}) ended with status ${status}`);
    return new Int32Array(this.exports.memory.buffer, returned, 1)[0];
  }
}

const asOne = ({ data, shape }) => ({ data, shape: [1, 1, ...shape] }); // one image, one channel

const size = (shape) => shape.reduce((product, extent) => product * extent, 1);
