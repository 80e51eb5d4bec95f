// What benchmarks/page.py runs in the page: start(), then for each case prepare(case) and measure(order, durations).

import { loadEngine, product } from "/engine.js";

const tf = globalThis.tf; // missing if it could not be fetched
let engines; // one computes in place, the other with copies, and so would write over the first one's arrays
let calls; // of the case that was prepared: name -> function without arguments

/** Loads the libraries; returns the name of convlib's module: the relaxed one, unless that is refused or `plain` is wanted. */
export async function start(plain) {
  const names = ["convlib.wasm", "convlib_relaxed.wasm"];
  const [module, relaxed] = await Promise.all(names.map(async (name) => (await fetch(`/${name}`)).arrayBuffer()));
  const runsRelaxed = !plain && WebAssembly.validate(relaxed);
  const data = new DataView(runsRelaxed ? relaxed : module);
  engines = await Promise.all([1, 2].map(() => loadEngine({ get: () => data })));
  if (tf) {
    tf.wasm.setWasmPaths("/");
    tf.wasm.setThreadsCount(1);
    if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its WebAssembly back end");
  }
  return names[Number(runsRelaxed)];
}

/** An array of random numbers from -1/2 to 1/2. */
const noise = (...shape) => ({ data: Float32Array.from({ length: product(shape) }, () => Math.random() - 0.5), shape });

/** The last call of the module that an operation makes, to be made again: its arrays stay where they are. */
function lastCall(engine, operate) {
  const { call } = engine;
  let last;
  engine.call = (...args) => call.apply(engine, (last = args));
  operate(engine);
  delete engine.call; // what is left is the class's own
  const { free } = engine;
  return () => {
    engine.free = free;
    engine.call(...last);
  };
}

/** The difference of two arrays, relative to the largest number of the second. */
function difference(ours, theirs) {
  const differences = theirs.map((value, i) => Math.abs(value - ours[i]));
  const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(differences) / largest(theirs);
}

/** Sets `calls`; returns their names, and how much the libraries' results differ. */
export function prepare({ operation, channels, size, outputs, kernel, stride, padding }) {
  const groups = operation === "depthwise" ? channels : 1;
  const input = noise(1, channels, size, size);
  const weight = noise(outputs, channels / groups, kernel, kernel);
  const operate = (engine) =>
    operation === "maxPool"
      ? engine.maxPool2d(input, kernel, { stride, padding })
      : engine.conv2d(input, weight, { stride, padding, groups });
  calls = {
    "convlib in place": lastCall(engines[0], operate),
    "convlib with copies": () => operate(engines[1]),
  };
  if (!tf) return { calls: Object.keys(calls), difference: 0 };

  const tensor = ({ data, shape }, ...axes) => tf.transpose(tf.tensor(data, shape), axes);
  const x = tensor(input, 0, 2, 3, 1);
  const w = operation === "conv2d" ? tensor(weight, 2, 3, 1, 0) : tensor(weight, 2, 3, 0, 1);
  const peer = {
    conv2d: (image) => tf.conv2d(image, w, stride, padding, "NHWC", 1, "floor"),
    depthwise: (image) => tf.depthwiseConv2d(image, w, stride, padding, "NHWC", 1, "floor"),
    maxPool: (image) => tf.maxPool(image, kernel, stride, padding, "floor"),
  }[operation];
  const pixels = x.dataSync();
  calls["TensorFlow.js in place"] = () => peer(x).dispose();
  calls["TensorFlow.js with copies"] = () => {
    const image = tf.tensor(pixels, x.shape);
    const result = peer(image);
    const data = result.dataSync();
    image.dispose();
    result.dispose();
    return data;
  };
  const theirs = tf.transpose(peer(x), [0, 3, 1, 2]).dataSync();
  return { calls: Object.keys(calls), difference: difference(operate(engines[1]).data, theirs) };
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds of each call, by name; `order` names the call of each block. */
export async function measure(order, { warmUp, block, together, rest }) {
  const times = {};
  const several = {}; // how many are timed together
  for (const [name, call] of Object.entries(calls)) {
    const begin = performance.now();
    let count = 0;
    for (; performance.now() < begin + warmUp; count++) call();
    several[name] = Math.ceil((together * count) / (performance.now() - begin));
    times[name] = [];
  }
  for (const name of order) {
    const [call, count] = [calls[name], several[name]];
    await sleep(rest);
    call();
    const end = performance.now() + block;
    for (let begin = performance.now(), now = begin; now < end; begin = now) {
      for (let i = 0; i < count; i++) call();
      now = performance.now();
      times[name].push((now - begin) / count);
    }
  }
  return times;
}
