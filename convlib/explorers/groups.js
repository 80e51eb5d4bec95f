// Groups: what a layer still reads, learns and computes when its channels are split into groups.
import { program } from "./toolkit/code.js";
import { element, svg, write } from "./toolkit/dom.js";
import { array, product } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { clamp, upTo } from "./toolkit/numbers.js";
import { TextTable } from "./toolkit/text_table.js";
import { number, TEXT } from "./toolkit/words.js";

const CHANNELS = [3, 4, 6, 8, 12, 16, 24, 32, 64];
const KERNEL_SIZES = [1, 3, 5];
const SIZE = [8, 64];
const LARGEST_INPUT = 16;
const KEY_STEPS = [1, 5]; // how far an arrow key and a page key move a slider
const INPUTS = ["input", "in_channels", "out_channels", "kernel_size", "groups", "size"];
const WORDS = TEXT.groups;

const commonDivisors = ({ in_channels: cIn, out_channels: cOut }) =>
  upTo(Math.min(cIn, cOut), 1).filter((g) => cIn % g === 0 && cOut % g === 0);

const nearest = (values, to) => values.reduce((best, v) => (Math.abs(v - to) < Math.abs(best - to) ? v : best));

/** The divisor that a slider at `wanted` comes to rest at; `settled` is where it did so before. */
function nearestDivisor(wanted, settled, divisors) {
  const groups = clamp(wanted, 1, divisors.at(-1));
  const moved = groups - settled;
  if (divisors.includes(groups)) return groups;
  if (moved === 0) return divisors.findLast((d) => d < groups); // the channels have changed
  const isKey = KEY_STEPS.includes(Math.abs(moved)); // then not back to where it was
  return nearest(isKey ? divisors.filter((d) => (d - settled) * moved > 0) : divisors, groups);
}

function legal(engine, given) {
  const state = { ...given, in_channels: given.input.length || given.in_channels, size: clamp(given.size, ...SIZE) };
  const groups = nearestDivisor(given.groups, given.settled, commonDivisors(state));
  return { ...state, groups, settled: groups, channel: clamp(given.channel, 0, given.out_channels - 1) };
}

const bounds = (engine, state) => ({
  groups: [1, commonDivisors(state).at(-1)],
  channel: [0, state.out_channels - 1],
  size: SIZE,
});

/** Whole numbers around 0 that repeat. */
function repeating(period, shape) {
  const data = new Float32Array(product(shape));
  for (let i = 0; i < data.length; i++) data[i] = (i % period) - Math.floor(period / 2);
  return { data, shape };
}

const imageOf = ({ input, size }) => (input.length ? [input[0].length, input[0][0].length] : [size, size]);

const weightShape = ({ in_channels: cIn, out_channels: cOut, kernel_size: k, groups }) => [cOut, cIn / groups, k, k];

/** The state's layer as a function that computes its output. */
function makeLayer(engine, state) {
  const shape = [state.in_channels, ...imageOf(state)];
  const input = state.input.length ? array(state.input.flat(2), shape) : repeating(71, shape);
  const weight = repeating(67, weightShape(state));
  const bias = repeating(3, [state.out_channels]).data;
  const settings = { bias, padding: (state.kernel_size - 1) / 2, groups: state.groups };
  return () => engine.conv2d(input, weight, settings);
}

/** 1 where an output channel, the row, reads an input channel, the column. */
function connect(engine, { in_channels: cIn, out_channels: cOut, groups }) {
  // one image for each input channel, in which only that channel is not 0; and no weight is 0
  const oneChannel = array(upTo(cIn * cIn - 1).map((i) => (i % (cIn + 1) ? 0 : 1)), [cIn, cIn, 1, 1]);
  const ones = array(Array((cOut * cIn) / groups).fill(1), [cOut, cIn / groups, 1, 1]);
  const { data } = engine.conv2d(oneChannel, ones, { groups });
  return array(upTo(cOut * cIn - 1).map((i) => data[(i % cIn) * cOut + Math.floor(i / cIn)]), [cOut, cIn]);
}

const compute = (engine, state) => ({ connected: connect(engine, state), output: makeLayer(engine, state)() });

/** What the layer costs with so many groups; Python's twins are in convlib.shapes. */
function costs(state, groups) {
  const shape = weightShape({ ...state, groups });
  const weights = product(shape);
  const biases = state.out_channels;
  return { shape, weights, biases, parameters: weights + biases, macs: weights * product(imageOf(state)) };
}

/** Output channels side by side that read the same inputs: { rows: [first, last], columns: [first, last] } for each. */
function blocksOf({ data, shape: [rows, columns] }) {
  const blocks = [];
  for (let row = 0; row < rows; row++) {
    const read = data.subarray(row * columns, (row + 1) * columns);
    const [first, last] = [read.indexOf(1), read.lastIndexOf(1)];
    const above = blocks.at(-1);
    if (above?.columns[0] === first && above.columns[1] === last) above.rows[1] = row;
    else blocks.push({ rows: [row, row], columns: [first, last] });
  }
  return blocks;
}

// Measuring

const ROUNDS = 5;
const SHORTEST_TIMING = 20; // ms

/** The groups whose times are compared: one, those of the state, and depthwise where that is legal. */
function compared({ in_channels: cIn, out_channels: cOut, groups }) {
  const depthwise = cOut % cIn === 0 ? [cIn] : [];
  return [...new Set([1, groups, ...depthwise])].sort((one, other) => one - other);
}

/** What one run takes, in ms, from as many as last long enough to be timed. */
function milliseconds(run) {
  const start = performance.now();
  for (let count = 1; ; count++) {
    run();
    const elapsed = performance.now() - start;
    if (elapsed >= SHORTEST_TIMING) return elapsed / count;
  }
}

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

const pause = () => new Promise((done) => setTimeout(done));

/** [{ groups, time }], timed in turns; between two timings the page can do other things. */
async function measure(engine, state, signal) {
  const layers = compared(state).map((groups) => ({ groups, run: makeLayer(engine, { ...state, groups }), times: [] }));
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    for (const { run, times } of layers) {
      await pause();
      times.push(milliseconds(run));
    }
  }
  return layers.map(({ groups, times }) => ({ groups, time: median(times) }));
}

// Drawing

const CELL = 24; // units of the drawing: a cell where there are few
const SIDE = [72, 288]; // units that an axis may take
const LINE = 14; // units of a line of text
const CHARACTER = 7; // units of a digit
const LEFT = 52; // units for the labels of the rows
const TOP = 2 * LINE + 4; // and of the columns
const EDGE = 8; // units for half of the last label

const rectangle = (x, y, width, height) => `M${x} ${y}h${width}v${height}h${-width}z`;

/** The weights as a matrix of channels: a row for each output, a column for each input. */
class Matrix {
  constructor(onSelect) {
    this.root = svg("svg", { class: "convlib-matrix", role: "img" });
    this.root.addEventListener("click", ({ clientY }) => {
      const { top, height } = this.root.firstChild.getBoundingClientRect();
      onSelect(clamp(Math.floor(((clientY - top) / height) * this.rows), 0, this.rows - 1));
    });
  }

  draw(connected, blocks, channel, label) {
    const [rows, columns] = connected.shape;
    const [height, width] = connected.shape.map((count) => clamp(count * CELL, ...SIDE));
    const [h, w] = [height / rows, width / columns];
    const filled = ([top, bottom], [left, right]) =>
      rectangle(LEFT + left * w, TOP + top * h, (right - left + 1) * w, (bottom - top + 1) * h);
    const whole = [0, columns - 1];
    const between = (count, unit) => (unit < CELL / 2 ? [] : upTo(count - 1, 1).map((i) => i * unit));
    const lines = [
      ...between(rows, h).map((y) => `M${LEFT} ${TOP + y}h${width}`),
      ...between(columns, w).map((x) => `M${LEFT + x} ${TOP}v${height}`),
    ];
    const paths = {
      ground: filled([0, rows - 1], whole),
      block: blocks.map((block) => filled(block.rows, block.columns)).join(""),
      lines: lines.join(""),
      read: filled([channel, channel], readBy(blocks, channel)),
      chosen: filled([channel, channel], whole),
    };
    const across = ticks(blocks.map((block) => block.columns), w, (text) => text.length * CHARACTER);
    const down = ticks(blocks.map((block) => block.rows), h, () => LINE);
    this.rows = rows;
    this.root.replaceChildren(
      ...Object.entries(paths).map(([name, d]) => svg("path", { class: `convlib-${name}`, d })),
      written(WORDS.inputAxis, LEFT + width / 2, LINE / 2),
      written(WORDS.outputAxis, LINE / 2, TOP + height / 2, "vertical"),
      ...across.map(([text, at]) => written(text, LEFT + at, TOP - LINE / 2 - 3)),
      ...down.map(([text, at]) => written(text, LEFT - 4, TOP + at, "at-end")),
    );
    this.root.setAttribute("viewBox", `0 0 ${LEFT + width + EDGE} ${TOP + height + EDGE}`);
    this.root.setAttribute("aria-label", label);
    this.root.style.maxWidth = `${1.15 * (LEFT + width + EDGE)}px`;
  }
}

const written = (text, x, y, place = "") => {
  const turned = place === "vertical" ? { transform: `rotate(-90 ${x} ${y})` } : {};
  return svg("text", { x, y, class: place, ...turned }, text);
};

/** Where an axis says what: at each block its channels, or if they are too small for that, the first and the last. */
function ticks(spans, unit, extentOf) {
  const named = spans.map(([first, last]) => [WORDS.span(first, last), ((first + last + 1) / 2) * unit]);
  const fits = ([text], i) => extentOf(text) <= (spans[i][1] - spans[i][0] + 1) * unit;
  const last = spans.at(-1)[1];
  return named.every(fits) ? named : [0, last].map((channel) => [WORDS.span(channel, channel), (channel + 0.5) * unit]);
}

function build({ engine, signal, place, reset, change, say }) {
  let drawn; // the state on the screen
  let measuring = false;

  const caption = element("figcaption");
  const matrix = new Matrix((channel) => change({ channel }));
  const figure = element("figure", { class: "convlib-blocks" }, caption, matrix.root, element("p", {}, WORDS.legend));
  const names = ["reads", "products", "mixing", "rule"];
  const told = Object.fromEntries(names.map((name) => [name, element("p", { class: `convlib-${name}` })]));
  const table = new TextTable(WORDS.costs);
  const times = new TextTable(WORDS.times);
  const words = element("div", { class: "convlib-stack-words" }, table.root, ...Object.values(told));
  const button = element("button", { type: "button", onclick: measureHere }, WORDS.measure);
  const compares = element("p", { class: "convlib-compares" });
  const note = element("p", { class: "convlib-caption" }, WORDS.measured);
  const measured = element("div", { class: "convlib-measured" }, times.root, compares, note);
  place.append(
    element("div", { class: "convlib-row" }, figure, words),
    element("div", { class: "convlib-buttons" }, button, reset),
    measured,
  );

  async function measureHere() {
    if (measuring) return;
    const of = drawn;
    setMeasuring(true);
    const found = await measure(engine, of, signal);
    setMeasuring(false);
    if (!signal.aborted && isSameLayer(of, drawn)) showTimes(of, found);
  }

  function setMeasuring(is) {
    measuring = is;
    button.setAttribute("aria-disabled", is);
    write(button, is ? WORDS.measuring : WORDS.measure);
  }

  function showTimes(state, found) {
    const dense = costs(state, 1).macs;
    const [{ time: whole }] = found;
    const rows = found.map(({ groups, time }) => ({
      groups,
      isDepthwise: groups === state.in_channels,
      time,
      ofTime: time / whole,
      ofMacs: costs(state, groups).macs / dense,
    }));
    times.draw(WORDS.timeHeads, rows.map(WORDS.timeRow));
    measured.hidden = false;
    const sentence = rows.slice(1).map(WORDS.compares).join(" ");
    write(compares, sentence);
    say(sentence);
  }

  return function draw(state, { connected, output }) {
    if (!drawn || !isSameLayer(state, drawn)) measured.hidden = true;
    drawn = state;
    const { groups, channel } = state;
    const blocks = blocksOf(connected);
    const read = readBy(blocks, channel);
    const [now, dense] = [groups, 1].map((of) => costs(state, of));

    const block = WORDS.blocks(blocks.length, state);
    write(caption, block);
    const reads = WORDS.reads(state, read);
    matrix.draw(connected, blocks, channel, WORDS.matrixAlt(state, block, reads));
    write(told.reads, reads);
    const [row, column] = imageOf(state).map((size) => Math.floor(size / 2));
    const one = output.data[(channel * output.shape[1] + row) * output.shape[2] + column];
    const name = `output[${channel}, ${row}, ${column}] = ${number(one)}`;
    write(told.products, WORDS.products(name, read[1] - read[0] + 1, state));
    const mixing = WORDS.mixing(state);
    write(told.mixing, mixing);
    write(told.rule, WORDS.rule(state, commonDivisors(state)));
    table.draw(WORDS.heads(groups), WORDS.rows(now, dense));
    say(WORDS.spoken(block, reads, mixing, now, dense));
  };
}

const isSameLayer = (one, other) => INPUTS.every((name) => one[name] === other[name]);

/** The first and the last input channel that an output channel reads. */
const readBy = (blocks, channel) => blocks.find(({ rows: [, last] }) => last >= channel).columns;

function code(library, state) {
  const { out_channels: cOut, kernel_size: k, groups, input } = state;
  const numbers = (period, shape) =>
    `(np.arange(${shape.join(" * ")}) % ${period} - ${Math.floor(period / 2)}).astype(np.float32)`;
  const shaped = (period, shape) => `${numbers(period, shape)}.reshape(${shape.join(", ")})`;
  const ring = [(k - 1) / 2, (k - 1) / 2];
  return program(library, {
    arrays: {
      input: input.length ? [input] : shaped(71, [1, state.in_channels, ...imageOf(state)]),
      weight: shaped(67, weightShape(state)),
      bias: numbers(3, [cOut]),
    },
    conv: { axes: 2, stride: [1, 1], sides: [ring, ring], dilation: [1, 1], groups, bias: true },
    show: "output[0]",
  });
}

/** Why a state from a link cannot be shown: an input that is no stack of equal planes of numbers. */
function unfit({ input }) {
  const [rows, columns] = [input[0]?.length, input[0]?.[0]?.length];
  const isPlane = (plane) => plane.length === rows && plane.every((row) => row.length === columns);
  const isStack = CHANNELS.includes(input.length) && rows >= 1 && columns >= 1 && input.every(isPlane);
  const isSmall = Math.max(input.length, rows, columns) <= LARGEST_INPUT && input.flat(2).every(Number.isFinite);
  return input.length === 0 || (isStack && isSmall) ? undefined : WORDS.badInput;
}

export default makeExplorer({
  name: "Groups",
  settings: [...INPUTS, "settled", "channel"],
  choices: { in_channels: CHANNELS, out_channels: CHANNELS, kernel_size: KERNEL_SIZES },
  inputs: INPUTS,
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
