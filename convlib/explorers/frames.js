// Frames: a 3-D convolution, whose kernel moves through a stack of frames too.
import { program } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { array, product } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, fit, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, unfitArray, upTo } from "./toolkit/numbers.js";
import { makeStepButtons } from "./toolkit/steps.js";
import { number, TEXT } from "./toolkit/words.js";

const LARGEST = { input: [6, 6, 6], slices: [6, 3, 3], stride: 3, padding: 2 };
const WORDS = TEXT.frames;

const stacked = (nested) => array(nested.flat(Infinity), shapeOf(nested));

/** The kernel: as many slices as it is deep. The state keeps one for each frame, for a deeper one. */
const kernelOf = ({ slices, kernel_depth: depth }) => slices.slice(0, depth);

/** Settings of all axes from that of depth; the window moves in steps of 1 and without padding along the others. */
const strides = ({ stride_depth: s }) => [s, 1, 1];
const paddings = ({ padding_depth: p }) => [p, 0, 0];

/** Whether the kernel reads each frame at once, and nothing else. */
const spansAll = ({ input, kernel_depth: depth, padding_depth: p }) => depth === input.length && p === 0;

/** Depth, rows and columns of the output. */
function outputShape(engine, state) {
  const [kernel, stride, padding] = [shapeOf(kernelOf(state)), strides(state), paddings(state)];
  return shapeOf(state.input).map((n, axis) => engine.outputSize(n, kernel[axis], stride[axis], padding[axis]));
}

function legal(engine, given) {
  const state = {
    ...given,
    kernel_depth: clamp(given.kernel_depth, 1, given.input.length),
    stride_depth: clamp(given.stride_depth, 1, LARGEST.stride),
    padding_depth: clamp(given.padding_depth, 0, LARGEST.padding),
  };
  return { ...state, step: clamp(given.step, 0, product(outputShape(engine, state)) - 1) };
}

const bounds = (engine, state) => ({
  kernel_depth: [1, state.input.length],
  stride_depth: [1, LARGEST.stride],
  padding_depth: [0, LARGEST.padding],
  step: [0, product(outputShape(engine, state)) - 1],
});

/** See frames.py for what `partial` is: slice i of the kernel over each frame, at index i. */
function compute(engine, state) {
  const frames = stacked([state.input]);
  const kernel = kernelOf(state);
  const padded = engine.pad3d(frames, { padding: paddings(state) });
  const output = engine.conv3d(frames, stacked([[kernel]]), { stride: strides(state), padding: paddings(state) });
  const arrays = {
    padded: unstacked(padded),
    partial: engine.conv3d(padded, stacked(kernel.map((slice) => [[slice]]))),
    output: unstacked(output),
  };
  if (spansAll(state)) arrays.as_channels = engine.conv2d(stacked(state.input), stacked([kernel]));
  return arrays;
}

/** An array without its first axis, of one. */
const unstacked = ({ data, shape }) => ({ data, shape: shape.slice(1) });

/** A frame of an array, as a function of row and column. */
const frameOf = ({ data, shape }, index) => (row, column) =>
  data[(index * shape.at(-2) + row) * shape.at(-1) + column];

/** Where an output lies: [depth, row, column]. */
const placeOf = (step, [, rows, columns]) =>
  [Math.floor(step / (rows * columns)), Math.floor(step / columns) % rows, step % columns];

const largestDifference = (one, other) => Math.max(...one.data.map((value, i) => Math.abs(value - other.data[i])));

/** Tables in a row, as many as are asked for; makeTable(number) makes one when it is needed first. */
class Strip {
  constructor(makeTable) {
    this.makeTable = makeTable;
    this.tables = new Map(); // by the number of their frame
    this.roots = new Map();
    this.title = element("p", { class: "convlib-caption" });
    this.row = element("div", { class: "convlib-frames" });
    this.root = element("div", {}, this.title, this.row);
  }

  /** So many tables, numbered from −origin on, which are shown under the title. */
  show(title, count, origin = 0) {
    write(this.title, title);
    const make = (number) => {
      this.tables.set(number, this.makeTable(number));
      return this.tables.get(number).root;
    };
    fit(this.row, this.roots, -origin, count, make);
    return upTo(count - 1).map((index) => this.tables.get(index - origin));
  }
}

function build({ controls, place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const onBadNumber = (text) => report(TEXT.notANumber(text));
  const inputs = new Strip((frame) => {
    const onEdit = (row, column, value) => {
      const { input } = drawn.state;
      change({ input: input.with(frame, edited(input[frame], row, column, value)) });
    };
    return new NumberTable({ onEdit, onBadNumber });
  });
  const kernel = new Strip((index) => {
    const onEdit = (row, column, value) => {
      const { slices } = drawn.state;
      change({ slices: slices.with(index, edited(slices[index], row, column, value)) });
    };
    return new NumberTable({ onEdit, onBadNumber });
  });
  const outputs = new Strip((number) => {
    const onSelect = (row, column) => {
      const [, rows, columns] = drawn.result.output.shape;
      change({ step: ((number + drawn.state.padding_depth) * rows + row) * columns + column });
    };
    return new NumberTable({ onSelect });
  });
  const asChannels = new NumberTable();

  const steps = makeStepButtons(change);
  const sum = element("p", { class: "convlib-sum" });
  const depth = element("p", { class: "convlib-depth" });
  const channels = element("p", { class: "convlib-channels" });
  place.append(
    element("div", { class: "convlib-buttons" }, ...steps.buttons, reset),
    inputs.root,
    kernel.root,
    element("div", { class: "convlib-row convlib-outputs" }, outputs.root, asChannels.root),
    sum, depth, channels,
    element("p", { class: "convlib-caption" }, WORDS.hint),
  );

  return function draw(state, result) {
    drawn = { state, result };
    const { padded, partial, output } = result;
    const { input, slices, kernel_depth: k, stride_depth: s, padding_depth: p, step } = state;
    const [at, row, column] = placeOf(step, output.shape);
    const frames = input.length;
    const isAdded = (index) => index < p || index >= p + frames;
    const sliceOn = (index) => (index >= at * s && index < at * s + k ? index - at * s : undefined);

    inputs.show(WORDS.input(shapeOf(input), p), padded.shape[0], p).forEach((table, index) => {
      const values = frameOf(padded, index);
      const slice = sliceOn(index);
      table.root.classList.toggle("under", slice !== undefined);
      table.draw(WORDS.frame(index - p, isAdded(index), slice), padded.shape.slice(1), (r, c) => {
        const weight = slices[slice]?.[r - row]?.[c - column];
        const isRead = weight !== undefined;
        return {
          value: values(r, c),
          note: isRead ? `×${number(weight)}` : "",
          label: [isAdded(index) && TEXT.paddingCell, isRead && TEXT.inWindow].filter(Boolean).join(", "),
          marks: [isAdded(index) && "added", isRead && "window"].filter(Boolean).join(" "),
          editable: !isAdded(index),
        };
      });
    });
    const window = shapeOf(kernelOf(state));
    kernel.show(WORDS.kernel(window), k).forEach((table, i) => {
      const cellAt = (r, c) => ({ value: slices[i][r][c], marks: "weight", editable: true });
      table.draw(WORDS.slice(i), window.slice(1), cellAt);
    });
    outputs.show(WORDS.output(output.shape), output.shape[0], p).forEach((table, index) => {
      const values = frameOf(output, index);
      table.draw(WORDS.outputFrame(index), output.shape.slice(1), (r, c) => {
        const isCurrent = index === at && r === row && c === column;
        const value = values(r, c);
        return { value, label: isCurrent ? WORDS.current : "", marks: isCurrent ? "current" : "", selected: isCurrent };
      });
    });

    const terms = slices.slice(0, k).map((_, i) => {
      const index = at * s + i;
      const value = frameOf(partial, i * padded.shape[0] + index)(row, column);
      return WORDS.term(number(value), index - p, isAdded(index));
    });
    const total = WORDS.sum([at, row, column], terms, number(output.data[step]));
    const told = drawAsChannels(state, result);
    write(sum, total);
    write(depth, WORDS.depth({ n: frames, k, s, p, size: output.shape[0] }));
    write(channels, told);
    steps.show(step, output.data.length - 1);
    say(WORDS.spoken(step + 1, output.data.length, total, WORDS.output(output.shape), told));
  };

  /** Draws what conv2d gives where the kernel spans all frames; returns the sentence about it. */
  function drawAsChannels({ input, kernel_depth: k, padding_depth: p }, { output, as_channels: same }) {
    asChannels.root.hidden = !same;
    if (!same) {
      const wanted = [["kernel_depth", k, input.length], ["padding_depth", p, 0]].filter(([, now, to]) => now !== to);
      const canBeSet = wanted.every(([name]) => controls.some(([shown]) => shown === name));
      return canBeSet ? WORDS.toSpan(wanted) : WORDS.wouldSpan(input.length);
    }
    const values = frameOf(same, 0);
    const cellAt = (row, column) => ({ value: values(row, column) });
    asChannels.draw(WORDS.asChannels(input.length), same.shape.slice(1), cellAt);
    return WORDS.spans(input.length, number(largestDifference(output, same)));
  }
}

function code(library, state) {
  const sides = paddings(state).map((p) => [p, p]);
  return program(library, {
    arrays: { input: [[state.input]], weight: [[kernelOf(state)]] },
    conv: { axes: 3, stride: strides(state), sides, dilation: [1, 1, 1] },
    show: "output[0, 0]",
  });
}

/** Why a state from a link cannot be shown. */
function unfit({ input, slices }) {
  const wrong = unfitArray("input", input, LARGEST.input) ?? unfitArray("slices", slices, LARGEST.slices);
  if (wrong) return wrong;
  if (slices.length !== input.length) return WORDS.badDepth(input.length, slices.length);
  const isTooLarge = shapeOf(slices).some((size, axis) => size > shapeOf(input)[axis]);
  return isTooLarge ? TEXT.kernelTooLarge : undefined;
}

export default makeExplorer({
  name: "Frames",
  settings: ["input", "slices", "kernel_depth", "stride_depth", "padding_depth", "step"],
  choices: {},
  inputs: ["input", "slices", "kernel_depth", "stride_depth", "padding_depth"],
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
