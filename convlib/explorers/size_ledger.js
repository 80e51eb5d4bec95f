// SizeLedger: the output-size formula term by term, and what the floor leaves unread.
import { program } from "./toolkit/code.js";
import { element, svg, write } from "./toolkit/dom.js";
import { array } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { clamp, upTo } from "./toolkit/numbers.js";
import { TextTable } from "./toolkit/text_table.js";
import { TEXT } from "./toolkit/words.js";

const LARGEST_INPUT = 256;
const LARGEST = { kernel_size: 16, stride: 16, padding: 8, dilation: 8 };
const WORDS = TEXT.ledger;

const countOutputs = (engine, { input_size: n, kernel_size: k, stride: s, padding: p, dilation: d }) =>
  engine.outputSize(n, k, s, p, d);

const fits = (engine, state) => countOutputs(engine, { ...state, stride: 1 }) >= 1;

function legal(engine, given) {
  const largest = clamp(given.largest, 1, LARGEST_INPUT);
  const state = { ...given, largest, input_size: clamp(given.input_size, 1, largest) };
  state.padding = clamp(state.padding, 0, LARGEST.padding);
  for (const name of ["stride", "kernel_size", "dilation"]) state[name] = clamp(state[name], 1, LARGEST[name]);
  while (state.dilation > 1 && !fits(engine, state)) state.dilation -= 1;
  while (!fits(engine, state)) state.kernel_size -= 1;
  return state;
}

function bounds(engine, state) {
  const range = (name, low, high = LARGEST[name]) => {
    const fitting = upTo(high, low).filter((value) => fits(engine, { ...state, [name]: value }));
    return [fitting[0], fitting.at(-1)];
  };
  return {
    input_size: range("input_size", 1, state.largest),
    kernel_size: range("kernel_size", 1),
    padding: range("padding", 0),
    dilation: range("dilation", 1),
    stride: [1, LARGEST.stride],
  };
}

const ones = (size) => array(Array(size).fill(1), [1, 1, size]);

function compute(engine, { input_size: n, kernel_size: k, stride, padding, dilation }) {
  const output = engine.conv1d(ones(n), ones(k), { stride, padding, dilation });
  const size = output.shape.at(-1);
  const padded = n + 2 * padding;
  const reads = engine.conv1dInput([1, 1, padded], ones(k), ones(size), { stride, dilation });
  return { output: { ...output, shape: [size] }, reads: { ...reads, shape: [padded] } };
}

/** Everything that the ledger says of a state; `hasDilation`: whether that is spoken of. */
function account(engine, state, hasDilation) {
  const { input_size: n, kernel_size: k, stride: s, padding: p, dilation: d } = state;
  const padded = engine.outputSize(n, 1, 1, p);
  const room = engine.outputSize(n, k, 1, p, d) - 1; // how far the window can move
  const size = countOutputs(engine, state);
  const unread = room - (size - 1) * s;
  return { n, k, s, p, d, padded, room, size, unread, span: padded - room, hasDilation: hasDilation || d > 1 };
}

/** What "same" adds before and after in TensorFlow and Keras: enough for ⌈n / s⌉ outputs. */
function tensorflowSame(engine, { n, s, span }) {
  const total = Math.max((engine.outputSize(n, 1, s) - 1) * s + span - n, 0);
  return halves(total);
}

const halves = (total) => [Math.floor(total / 2), Math.ceil(total / 2)];

/** The columns of the table of pads: [heading, pads or undefined where there is no such padding]. */
const paddings = (engine, sizes) => [
  [WORDS.own(sizes.p), [sizes.p, sizes.p]],
  [WORDS.pytorch, sizes.s === 1 ? halves(sizes.span - 1) : undefined],
  [WORDS.tensorflow, tensorflowSame(engine, sizes)],
];

function build({ engine, controls, place, reset, say }) {
  const hasControl = (setting) => controls.some(([name]) => name === setting);
  const ledger = new TextTable(WORDS.title);
  const sum = element("p", { class: "convlib-sum" });
  const axis = new Axis();
  const unread = element("p", { class: "convlib-caption" });
  const same = new TextTable(WORDS.sameTitle);
  const note = element("p", { class: "convlib-caption" }, WORDS.sameNote);
  const buttons = element("div", { class: "convlib-buttons" }, reset);
  place.append(axis.root, unread, ledger.root, sum, buttons, same.root, note);

  return function draw(state, { reads }) {
    const sizes = account(engine, state, hasControl("dilation"));
    ledger.draw(WORDS.heads, WORDS.terms(sizes));
    write(sum, WORDS.formula(sizes));
    const skipped = reads.data.filter((count) => count === 0).length - sizes.unread;
    const told = WORDS.unread(sizes, Math.min(sizes.unread, sizes.p), skipped);
    axis.draw(sizes, reads.data, WORDS.axis(sizes, told));
    write(unread, told);
    const columns = paddings(engine, sizes);
    const { n, k, s, d } = sizes;
    const rows = [
      [WORDS.added, ([before, after]) => WORDS.pads(before, after)],
      [WORDS.size, (pads) => String(engine.outputSize(n, k, s, pads, d))],
      [WORDS.first, ([before]) => WORDS.position(-before)],
    ];
    same.draw(
      ["", ...columns.map(([heading]) => heading)],
      rows.map(([name, of], i) => [name, ...columns.map(([, pads]) => (pads ? of(pads) : i ? "–" : WORDS.refused))]),
    );
    const hasPadding = sizes.p > 0 || hasControl("padding");
    same.root.hidden = note.hidden = !hasPadding;
    say(WORDS.spoken(sizes, told, hasPadding && tensorflowSame(engine, sizes)));
  };
}

const CELL = 24; // units of the drawing: a cell's height, and its width where there are few
const WIDEST = 720; // units for all cells
const MOST_NUMBERED = 14; // cells whose numbers can be read on a phone
const TALLEST = 300; // units that all windows may take together
const MOST_LANE = 18; // units for one row of windows, which are named where they have that much

const rectangle = (x, y, width, height) => `M${x} ${y}h${width}v${height}h${-width}z`;

/** The drawing of one axis: the padded input as a row of cells, the windows as bars beneath. */
class Axis {
  constructor() {
    this.root = svg("svg", { class: "convlib-axis", role: "img" });
  }

  draw({ n, k, s, p, d, padded, size, unread, span }, reads, label) {
    // so many rows of bars that those in one row do not touch
    const lanes = Math.min(Math.floor(span / s) + 1, size);
    const lane = clamp(TALLEST / lanes, 2, MOST_LANE);
    const gap = Math.min(lane / 5, 3);
    const cell = Math.min(CELL, WIDEST / padded);
    const inset = cell / CELL;
    const width = padded * cell;
    const height = CELL + 6 + lanes * lane;

    const kinds = { own: "", added: "", skipped: "", unread: "" };
    reads.forEach((count, i) => {
      const isAdded = i < p || i >= p + n;
      const kind = i >= padded - unread ? "unread" : isAdded ? "added" : count === 0 ? "skipped" : "own";
      kinds[kind] += rectangle(i * cell + inset, 1, cell - 2 * inset, CELL - 2);
    });
    let bars = "";
    let taps = "";
    for (let i = 0; i < size; i++) {
      const y = CELL + 6 + (i % lanes) * lane;
      const left = i * s * cell;
      const bar = lane - gap;
      bars += rectangle(left + 2 * inset, y + (d > 1 ? bar / 3 : 0), span * cell - 4 * inset, d > 1 ? bar / 3 : bar);
      for (let tap = 0; tap < k && d > 1; tap++) taps += rectangle(left + tap * d * cell + 2 * inset, y, cell - 4 * inset, bar);
    }
    const paths = [...Object.entries(kinds), ["bar", bars], ["tap", taps]];
    const drawn = paths.filter(([, path]) => path).map(([name, path]) => svg("path", { class: `convlib-${name}`, d: path }));
    if (padded <= MOST_NUMBERED) {
      for (let i = 0; i < n; i++) {
        const kind = p + i >= padded - unread ? "on-unread" : "";
        drawn.push(svg("text", { x: (p + i + 0.5) * CELL, y: CELL / 2, class: kind }, String(i)));
      }
      for (let i = 0; i < size && d === 1 && span > 1 && lane >= MOST_LANE; i++) {
        const y = CELL + 6 + (i % lanes) * lane + (lane - gap) / 2;
        drawn.push(svg("text", { x: (i * s + span / 2) * CELL, y, class: "in-bar" }, WORDS.bar(i)));
      }
    }
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.root.setAttribute("aria-label", label);
    this.root.setAttribute("stroke-width", Math.max(inset, 0.3));
    this.root.style.maxWidth = `${width * 1.8}px`;
    this.root.replaceChildren(...drawn);
  }
}

function code(library, { input_size: n, kernel_size: k, stride, padding, dilation }) {
  return program(library, {
    arrays: { input: `np.ones((1, 1, ${n}), np.float32)`, weight: `np.ones((1, 1, ${k}), np.float32)` },
    conv: { axes: 1, stride: [stride], sides: [[padding, padding]], dilation: [dilation] },
    show: "output.shape",
  });
}

/** Why a state from a link cannot be shown; sliders that are out of range are brought into it. */
const unfit = ({ largest }) => (largest < 1 || largest > LARGEST_INPUT ? WORDS.badLargest(LARGEST_INPUT) : undefined);

export default makeExplorer({
  name: "SizeLedger",
  settings: ["input_size", "kernel_size", "stride", "padding", "dilation", "largest"],
  choices: {},
  inputs: ["input_size", "kernel_size", "stride", "padding", "dilation"],
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
