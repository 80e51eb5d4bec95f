// PaddingLab: four ways to fill the border, beside each other on the same numbers.
import { padProgram } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { array, fromRows, MODES } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, unfitArray, upTo } from "./toolkit/numbers.js";
import { largestPadding, sources } from "./toolkit/padding.js";
import { TEXT } from "./toolkit/words.js";

const LARGEST = { input: 8, kernel: 5, padding: 5, number: 9999 };
const MOST_LARGE = 8; // columns of a table whose cells are large
const MOST_BESIDE = 10; // and of one that has room beside another in the book
const WORDS = TEXT.padding;

const shortestOf = (state) => Math.min(...shapeOf(state.input));

/** The most padding that a mode allows and that is shown: one more than any mode with a limit allows. */
const modeLimit = (state, mode) => Math.min(largestPadding(shapeOf(state.input), mode), shortestOf(state) + 1, LARGEST.padding);

/** The largest kernel that fits into the padded input. */
const kernelLimit = (engine, state, padding) =>
  upTo(LARGEST.kernel, 1).findLast((k) => engine.outputSize(shortestOf(state), k, 1, padding) >= 1);

function legal(engine, state) {
  const padding = clamp(state.padding, 0, modeLimit(state, state.mode));
  const kernel_size = clamp(state.kernel_size, 1, kernelLimit(engine, state, padding));
  return { ...state, padding, kernel_size };
}

function bounds(engine, state) {
  const paddings = upTo(modeLimit(state, state.mode)).filter((p) => state.kernel_size <= kernelLimit(engine, state, p));
  return {
    padding: [paddings[0], paddings.at(-1)],
    kernel_size: [1, kernelLimit(engine, state, state.padding)],
  };
}

const allowed = (state) => MODES.filter((mode) => state.padding <= modeLimit(state, mode));

function compute(engine, state) {
  const { input, padding, kernel_size: k } = state;
  const plane = fromRows(input);
  const padded = Object.fromEntries(allowed(state).map((mode) => [mode, engine.pad(plane, padding, mode)]));
  return { ...padded, reads: countReads(engine, plane.shape, k, padding), output: padded[state.mode] };
}

/** How many windows read each input cell: an output of ones gives 1 to a cell for every window that reads it. */
function countReads(engine, shape, k, padding) {
  const ones = (sizes) => array(Array(sizes[0] * sizes[1]).fill(1), [1, 1, ...sizes]);
  const windows = ones(shape.map((n) => engine.outputSize(n, k, 1, padding)));
  return { ...engine.conv2dInput([1, 1, ...shape], ones([k, k]), windows, { padding }), shape };
}

const isSame = (one, other) => Boolean(one && other) && one[0] === other[0] && one[1] === other[1];

function build({ engine, place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const blocks = MODES.map((mode) => {
    const inInput = (row, column) => [row - drawn.state.padding, column - drawn.state.padding];
    const table = new NumberTable({
      onSelect: (row, column) => change({ selected: inInput(row, column) }),
      onEdit: (row, column, value) => change({ input: edited(drawn.state.input, ...inInput(row, column), value) }),
      onEscape: () => change({ selected: [] }),
      onBadNumber: (text) => report(TEXT.notANumber(text)),
      where: (row, column) => WORDS.cell(...inInput(row, column)),
    });
    const name = element("p", { class: "convlib-mode" }, mode);
    const note = element("p", { class: "convlib-caption" });
    return { mode, table, name, note, root: element("div", { class: "convlib-border" }, table.root, name, note) };
  });
  const readTable = new NumberTable();
  const reads = element("p", { class: "convlib-sum" });
  const told = element("div", { class: "convlib-reads" }, reads, element("p", { class: "convlib-caption" }, WORDS.readsOf));
  const borders = element("div", { class: "convlib-borders" }, ...blocks.map(({ root }) => root));
  place.append(
    borders,
    element("p", { class: "convlib-caption" }, WORDS.hint),
    element("div", { class: "convlib-buttons" }, reset),
    element("div", { class: "convlib-row" }, readTable.root, told),
  );

  return function draw(state, result) {
    drawn = { state, result };
    const columns = state.input[0].length + 2 * state.padding;
    borders.classList.toggle("small", columns > MOST_LARGE);
    borders.classList.toggle("wide", columns > MOST_BESIDE);
    const notes = blocks.map((block) => drawMode(engine, block, state, result[block.mode]));
    const count = drawReads(state, result.reads);
    const chosen = MODES.indexOf(state.mode);
    const others = MODES.map((mode, i) => notes[i] && `${mode}: ${notes[i]}`).filter((_, i) => i !== chosen);
    const first = notes[chosen] && `${state.mode}: ${notes[chosen]}`;
    say(WORDS.spoken(state.padding, [first, ...others].filter(Boolean).join(" "), count));
  };

  function drawReads({ kernel_size: k, padding }, { data, shape }) {
    const most = Math.max(...data);
    readTable.draw(WORDS.reads, shape, (row, column) => {
      const value = data[row * shape[1] + column];
      return { value, marks: "heat", heat: value / most };
    });
    const counts = data.every((count) => count === most) ? WORDS.evenly(most) : WORDS.unevenly(data[0], most);
    write(reads, WORDS.readBy(k, padding, counts));
    return counts;
  }
}

/** Draws one of the four tables, or why there is none; returns the sentence about it. */
function drawMode(engine, { mode, table, name, note, root }, state, padded) {
  const { padding, selected } = state;
  const shape = shapeOf(state.input);
  const isChosen = mode === state.mode;
  root.classList.toggle("chosen", isChosen);
  table.root.hidden = !padded;
  name.hidden = Boolean(padded);
  const reason = WORDS.stops[mode]?.(shortestOf(state));
  if (!padded) {
    write(note, reason);
    return reason;
  }

  const source = sources(engine, shape, padding, mode);
  const isIn = ([rows, columns], row, column) => row >= 0 && column >= 0 && row < rows && column < columns;
  const isOwn = (row, column) => isIn(shape, row - padding, column - padding);
  const [top, left] = selected.map((at) => at + padding);
  const isShown = selected.length > 0 && isIn(padded.shape, top, left);
  const isOfInput = isShown && isOwn(top, left);
  const from = isShown ? source(top, left) : undefined;
  const holds = from ? (row, column) => isSame(source(row, column), from) : () => false;
  let copies = 0;
  table.draw(WORDS.caption(mode, isChosen), padded.shape, (row, column) => {
    const own = isOwn(row, column);
    const isSelected = isShown && row === top && column === left;
    const isSource = own && !isSelected && holds(row, column);
    const isCopy = !own && isOfInput && holds(row, column);
    if (isCopy) copies += 1;
    return {
      value: padded.data[row * padded.shape[1] + column],
      marks: [!own && "added", isSource && "current", isCopy && "window", isSelected && "selected"].filter(Boolean).join(" "),
      label: [!own && WORDS.isAdded, isSource && WORDS.isSource, isCopy && WORDS.isCopy].filter(Boolean).join(", "),
      selected: isSelected,
      editable: own,
    };
  }, padding);

  const where = isShown && WORDS.cell(...selected);
  let told = "";
  if (isOfInput) told = WORDS.copied(where, copies);
  else if (isShown) told = from ? WORDS.copies(where, WORDS.cell(...from)) : WORDS.zero(where);
  if (reason && padding === largestPadding(shape, mode)) told = [told, WORDS.asFar(padding, reason)].filter(Boolean).join(" ");
  write(note, told);
  return told;
}

function code(library, { input, padding, mode }) {
  const both = [padding, padding];
  return padProgram(library, { arrays: { input: [[input]] }, sides: [both, both], mode, show: "output[0, 0]" });
}

/** Why a state from a link cannot be shown. */
function unfit({ input, selected }) {
  const wrong = unfitArray("input", input, [LARGEST.input, LARGEST.input]);
  if (wrong) return wrong;
  const shape = shapeOf(input);
  const isNear = (at, axis) => Number.isInteger(at) && at >= -LARGEST.padding && at < shape[axis] + LARGEST.padding;
  const isPlace = selected.length === 2 && selected.every(isNear);
  return selected.length && !isPlace ? TEXT.badSelection : undefined;
}

export default makeExplorer({
  name: "PaddingLab",
  settings: ["input", "padding", "mode", "kernel_size", "selected"],
  choices: { mode: MODES },
  inputs: ["input", "padding", "mode", "kernel_size"],
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
