// ReceptiveField: what one unit of a stack of layers sees of the input, and over how many paths.
import { pathsProgram } from "./toolkit/code.js";
import { element, svg, write } from "./toolkit/dom.js";
import { array } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, upTo } from "./toolkit/numbers.js";
import { COUNTS_GRADIENT, largestMagnitude, Picture } from "./toolkit/picture.js";
import { number, TEXT } from "./toolkit/words.js";

const WORDS = TEXT.receptiveField;
const MOST_LAYERS = 6;
const MOST_POSITIONS = 64;
const MOST_UNITS = 5; // of the last layer
const LARGEST = [7, 4, 4]; // kernel size, stride and dilation, as everywhere here
const CONV = [3, 1, 1];
const POOL = [2, 2, 1];
// as in receptive_field.py: a choice is sent as its index
const PRESETS = {
  "three 3 × 3": [CONV, CONV, CONV],
  "one 7 × 7": [[7, 1, 1]],
  "VGG: 3, 3, pool, 3, 3, pool": [CONV, CONV, POOL, CONV, CONV, POOL],
  "dilations 1, 2, 4": [[3, 1, 1], [3, 1, 2], [3, 1, 4]],
  "stem: 7/2, pool 3/2, 3, 3": [[7, 2, 1], [3, 2, 1], CONV, CONV],
};
const CUSTOM = "custom";
const SETTINGS = ["preset", "layers", "depth", "position"];

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Size and jump of the field of a unit of the input, of the first layer … of the last. */
function fieldsOf(layers) {
  const fields = [{ size: 1, jump: 1 }];
  for (const [k, s, d] of layers) {
    const { size, jump } = fields.at(-1);
    fields.push({ size: size + d * (k - 1) * jump, jump: jump * s });
  }
  return fields;
}

/** How many units the last layer has. */
function countUnits(layers) {
  const { size, jump } = fieldsOf(layers).at(-1);
  return Math.min(Math.floor((MOST_POSITIONS - size) / jump) + 1, MOST_UNITS);
}

/** How many units there are: in the input, in the first layer … in the last. */
const sizesOf = (layers) =>
  layers.reduceRight((sizes, [k, s, d]) => [(sizes[0] - 1) * s + d * (k - 1) + 1, ...sizes], [countUnits(layers)]);

/** The unit in the middle of what the last layer's unit at `position` sees of layer `depth`. */
const tracedUnit = ({ layers, depth, position }) =>
  layers.slice(depth).reduceRight((unit, [k, s, d]) => unit * s + d * Math.floor((k - 1) / 2), position);

/** Why these layers cannot be shown, or undefined. */
function problemOf(layers) {
  if (layers.length < 1 || layers.length > MOST_LAYERS) return WORDS.badCount(MOST_LAYERS);
  if (layers.some((layer) => layer.length !== LARGEST.length)) return WORDS.badLayer;
  for (const [row, layer] of layers.entries()) {
    const wrong = layer.findIndex((value, i) => !Number.isInteger(value) || value < 1 || value > LARGEST[i]);
    if (wrong >= 0) return WORDS.outOfRange(where(row, wrong + 1), LARGEST[wrong], layer[wrong]);
  }
  const { size } = fieldsOf(layers).at(-1);
  return size > MOST_POSITIONS ? WORDS.tooWide(size, MOST_POSITIONS) : undefined;
}

const where = (row, column) => WORDS.where(row + 1, WORDS.fields[column]);

/** The nearest state that can be shown; a preset that has moved brings its layers. */
function legal(engine, state) {
  const { preset } = state;
  let { layers, depth, position } = state;
  if (preset !== CUSTOM && !isSame(PRESETS[preset], layers)) {
    layers = PRESETS[preset];
    depth = layers.length;
    position = Math.floor(countUnits(layers) / 2);
  }
  const ranges = bounds(engine, { layers });
  return { ...state, layers, depth: clamp(depth, ...ranges.depth), position: clamp(position, ...ranges.position) };
}

const bounds = (engine, { layers }) => ({ depth: [0, layers.length], position: [0, countUnits(layers) - 1] });

/** How many paths lead from the unit to each position: its gradient, through kernels of ones. */
function count(engine, axes, state) {
  const sizes = sizesOf(state.layers);
  const shape = (size) => [1, 1, ...Array(axes).fill(size)];
  const filled = (value, size) => array(Array(size ** axes).fill(value), shape(size));
  const start = filled(0, sizes[state.depth]);
  start.data[upTo(axes - 1).reduce((index) => index * sizes[state.depth] + tracedUnit(state), 0)] = 1;
  const { data } = state.layers.slice(0, state.depth).reduceRight(
    (paths, [k, stride, dilation], i) =>
      engine[`conv${axes}dInput`](shape(sizes[i]), filled(1, k), paths, { stride, dilation }),
    start,
  );
  return { data, shape: Array(axes).fill(sizes[0]) };
}

const compute = (engine, state) => ({ row: count(engine, 1, state), output: count(engine, 2, state) });

/** What is said of a state: its numbers, and the sentences made of them. */
function account(state, { row }) {
  const { layers, depth } = state;
  const fields = fieldsOf(layers);
  const { size, jump } = fields[depth];
  const unit = tracedUnit(state);
  const first = unit * jump;
  const paths = row.data.slice(first, first + size);
  const looked = layers.slice(0, depth);
  const seen = paths.filter((ways) => ways > 0).length;
  const kernels = looked.map(([k]) => k);
  return {
    fields,
    unit,
    first,
    size,
    paths,
    sees: WORDS.sees({ depth, unit, first, size, seen, jump, strides: looked.map(([, s]) => s) }),
    growth: WORDS.growth(looked.map(([k, , d], i) => [k, d, fields[i].jump]), size),
    counted: WORDS.counted(kernels, kernels.reduce((all, k) => all * k, 1), largestMagnitude(paths)),
  };
}

function build({ place, reset, change, report, say }) {
  let layers; // those on the screen

  /** Changes the stack, or says why it cannot be. */
  function restack(next, depth) {
    const problem = problemOf(next);
    if (problem) report(WORDS.refused(problem));
    else change({ preset: CUSTOM, layers: next, ...depth });
  }
  const added = () => [...layers, CONV];
  const removed = () => layers.slice(0, -1);
  const button = (words, next) =>
    element("button", { type: "button", onclick: () => restack(next(), { depth: next().length }) }, words);
  const add = button(WORDS.add, added);
  const remove = button(WORDS.remove, removed);

  const cone = new Cone();
  const layerTable = new NumberTable({
    heads: WORDS.heads,
    where,
    onEdit: (row, column, value) => restack(edited(layers, row, column - 1, value)),
    onBadNumber: (text) => report(TEXT.notANumber(text)),
  });
  const rowTable = new NumberTable();
  const picture = new Picture();
  const frame = element("div", { class: "convlib-picture", role: "img" }, picture.canvas);
  const caption = element("figcaption");
  const most = element("span");
  const bar = element("span", { class: "convlib-bar" });
  bar.style.backgroundImage = COUNTS_GRADIENT;
  const unseen = element("span", { class: "convlib-hole", "aria-hidden": true });
  const legend = element("div", { class: "convlib-legend" }, unseen, WORDS.unseen, element("span", {}, "1"), bar, most);
  const products = element("p", { class: "convlib-caption" }, WORDS.products);
  const heat = element("figure", {}, caption, frame, legend, products);
  const figure = element("div", { class: "convlib-pictures convlib-plane" }, heat);

  const names = ["sees", "growth", "counted"];
  const told = Object.fromEntries(names.map((name) => [name, element("p", { class: `convlib-${name}` })]));
  const hint = element("p", { class: "convlib-caption" }, WORDS.hint);
  const stack = element("div", { class: "convlib-stack-words" }, layerTable.root, hint);
  place.append(
    element("div", { class: "convlib-buttons" }, add, remove, reset),
    cone.root, told.sees, told.growth, told.counted, rowTable.root,
    element("div", { class: "convlib-row" }, stack, figure),
  );

  return function draw(state, result) {
    ({ layers } = state);
    const { depth } = state;
    const { fields, unit, first, size, paths, ...sentences } = account(state, result);
    for (const name of names) write(told[name], sentences[name]);
    const positions = result.row.data.length;
    cone.draw({ layers, depth, unit, fields }, result.row.data, WORDS.cone(layers.length, positions, sentences.sees));

    const largest = largestMagnitude(paths);
    rowTable.draw(WORDS.row(first, size), [1, size], (_, column) => {
      const ways = paths[column];
      return { value: ways, marks: ways ? "heat" : "gap", heat: 0.2 + (0.8 * ways) / largest };
    });
    layerTable.draw(WORDS.layers, [layers.length, WORDS.heads.length], (row, column) => {
      const { jump } = fields[row];
      const after = fields[row + 1].size;
      const isGiven = column >= 1 && column <= LARGEST.length;
      return {
        value: [row + 1, ...layers[row], jump, after - fields[row].size, after][column],
        marks: [isGiven && "weight", row >= depth && "later"].filter(Boolean).join(" "),
        editable: isGiven,
      };
    });

    const mostPaths = largest ** 2; // the output itself may be rounded
    picture.drawCounts(result.output, mostPaths);
    write(caption, WORDS.plane(positions));
    write(most, number(mostPaths));
    frame.setAttribute("aria-label", WORDS.planeAlt(first, size, number(mostPaths)));
    add.setAttribute("aria-disabled", problemOf(added()) !== undefined);
    remove.setAttribute("aria-disabled", problemOf(removed()) !== undefined);
    say([sentences.sees, sentences.counted].join(" "));
  };
}

const WIDEST = 560; // units of the drawing for all positions
const CELL = 24; // and for one, where there are few
const PITCH = 40; // from row to row
const TALL = 18; // a row's units

/** The stack drawn along one axis: the input at the bottom, each unit above the middle of what it sees. */
class Cone {
  constructor() {
    this.levels = element("div", { class: "convlib-levels", "aria-hidden": true });
    this.picture = svg("svg", { role: "img" });
    this.root = element("div", { class: "convlib-cone" }, this.levels, this.picture);
  }

  draw({ layers, depth, unit, fields }, counts, label) {
    const cell = Math.min(CELL, WIDEST / counts.length);
    const inset = cell / 16;
    const middle = (level, i) => (i * fields[level].jump + fields[level].size / 2) * cell;
    const top = (level) => (layers.length - level) * PITCH + (PITCH - TALL) / 2;
    const box = (level) => {
      // as wide as the jump, so that they touch; where windows leave gaps, only as wide as what they see
      const width = Math.min(fields[level].jump, fields[level].size) * cell - 2 * inset;
      return (i) => `M${middle(level, i) - width / 2} ${top(level)}h${width}v${TALL}h${-width}z`;
    };
    const drawn = [];
    const add = (name, d) => drawn.push(svg("path", { class: `convlib-${name}`, d }));

    sizesOf(layers).forEach((size, level) => {
      add(level > depth ? "later" : "unlit", upTo(size - 1).map(box(level)).join(""));
    });
    let lit = [unit];
    for (let level = depth; level >= 0; level--) {
      add(level === depth ? "traced" : "lit", lit.map(box(level)).join(""));
      if (level === 0) break;
      const [k, s, d] = layers[level - 1];
      const ends = lit.flatMap((i) => upTo(k - 1).map((tap) => [i, i * s + d * tap]));
      const line = ([from, to]) =>
        `M${middle(level, from)} ${top(level) + TALL}L${middle(level - 1, to)} ${top(level - 1)}`;
      add("lines", ends.map(line).join(""));
      lit = [...new Set(ends.map(([, to]) => to))];
    }
    const floor = (layers.length + 2) * PITCH;
    const scale = (PITCH - 2) / largestMagnitude(counts);
    const column = (count, i) => `M${i * cell + inset} ${floor}v${-count * scale}h${cell - 2 * inset}V${floor}z`;
    add("counts", Array.from(counts, (count, i) => (count ? column(count, i) : "")).join(""));

    const names = [...layers.map((_, i) => WORDS.layer(layers.length - i)), WORDS.input, WORDS.paths];
    const mark = (i) => (i === layers.length - depth ? "current" : "");
    this.levels.replaceChildren(...names.map((name, i) => element("span", { class: mark(i) }, name)));
    const width = counts.length * cell;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${floor}`);
    this.picture.setAttribute("aria-label", label);
    this.picture.style.maxWidth = `${width * 1.25}px`;
    this.picture.replaceChildren(...drawn);
  }
}

function code(library, state) {
  const { layers, depth } = state;
  const sizes = sizesOf(layers);
  return pathsProgram(library, {
    layers: layers.slice(0, depth),
    size: sizes[0],
    units: sizes[depth],
    unit: tracedUnit(state),
    show: "output[0, 0]",
  });
}

export default makeExplorer({
  name: "ReceptiveField",
  settings: SETTINGS,
  choices: { preset: [...Object.keys(PRESETS), CUSTOM] },
  // all of them: a state put together from old layers and a new preset would read as a preset that has moved
  inputs: SETTINGS,
  legal,
  bounds,
  compute,
  code,
  unfit: ({ layers }) => problemOf(layers),
  build,
});
