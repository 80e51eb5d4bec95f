// Pooling: the largest value or the mean of each window, and what a shift of the input does to them.
import { poolProgram } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { fromRows } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, unfitArray, upTo } from "./toolkit/numbers.js";
import { largestMagnitude } from "./toolkit/picture.js";
import { makeStepButtons } from "./toolkit/steps.js";
import { number, TEXT } from "./toolkit/words.js";

const LARGEST = { input: 10, kernel: 4, stride: 4, shift: 3 };
const POOLS = ["max", "average"];
const WORDS = TEXT.pooling;

/** A column counted cyclically. */
const wrapped = (column, columns) => ((column % columns) + columns) % columns;

const largestKernel = ({ input }) => Math.min(LARGEST.kernel, ...shapeOf(input));

function countOutputs(engine, { input, kernel_size: k, stride, padding }) {
  const [rows, columns] = shapeOf(input).map((size) => engine.poolOutputSize(size, k, stride, padding));
  return rows * columns;
}

function legal(engine, state) {
  const kernel_size = clamp(state.kernel_size, 1, largestKernel(state));
  const stride = clamp(state.stride, 1, LARGEST.stride);
  const padding = clamp(state.padding, 0, Math.floor(kernel_size / 2));
  const next = { ...state, kernel_size, stride, padding, shift: clamp(state.shift, 0, LARGEST.shift) };
  return { ...next, step: clamp(state.step, 0, countOutputs(engine, next) - 1) };
}

const bounds = (engine, state) => ({
  kernel_size: [Math.max(2 * state.padding, 1), largestKernel(state)],
  stride: [1, LARGEST.stride],
  padding: [0, Math.floor(state.kernel_size / 2)],
  shift: [0, LARGEST.shift],
  step: [0, countOutputs(engine, state) - 1],
});

function compute(engine, { input, pool, kernel_size: k, stride, padding, shift }) {
  const shifted = input.map((cells) => cells.map((_, column) => cells[wrapped(column - shift, cells.length)]));
  const pooled = (rows) => engine[pool === "max" ? "maxPool2d" : "avgPool2d"](fromRows(rows), k, { stride, padding });
  return { shifted: fromRows(shifted), before: pooled(input), output: pooled(shifted) };
}

/** By how much each output changes; the shift also changes the order of a sum, and with it the last bits of a mean. */
function changesOf({ shifted, before, output }) {
  const within = 2e-6 * largestMagnitude(shifted.data);
  const changes = Array.from(output.data, (value, i) => value - before.data[i]);
  return changes.map((change) => (Math.abs(change) > within ? change : 0));
}

/** The columns of the output that are not those of the unshifted one, moved cyclically by so many columns. */
function unmoved({ before, output }, by) {
  const [rows, columns] = output.shape;
  const at = ({ data }, row, column) => data[row * columns + wrapped(column, columns)];
  const isMoved = (column) => upTo(rows - 1).every((row) => at(output, row, column) === at(before, row, column - by));
  return upTo(columns - 1).filter((column) => !isMoved(column));
}

/** The sentences about what the shift does. */
function sentences({ input, shift, stride }, result, changes) {
  if (!shift) return { changed: WORDS.notShifted, why: "" };
  const before = fromRows(input).data;
  const inputChanges = Array.from(result.shifted.data, (value, i) => value - before[i]);
  const [inputs, outputs] = [inputChanges, changes].map((of) => ({
    all: of.length,
    changed: of.filter(Boolean).length,
    largest: number(largestMagnitude(of)),
  }));
  const by = shift / stride;
  const why = Number.isInteger(by)
    ? WORDS.moves(by, unmoved(result, by), result.output.shape[1])
    : WORDS.regroups(stride, outputs);
  return { changed: WORDS.changed(shift, inputs, outputs), why };
}

function build({ place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const inputTable = new NumberTable({
    onEdit(row, column, value) {
      const { input, padding, shift } = drawn.state;
      const own = wrapped(column - padding - shift, input[0].length);
      change({ input: edited(input, row - padding, own, value) });
    },
    onBadNumber: (text) => report(TEXT.notANumber(text)),
  });
  const beforeTable = new NumberTable();
  const outputTable = new NumberTable({
    onSelect: (row, column) => change({ step: row * drawn.result.output.shape[1] + column }),
  });

  const steps = makeStepButtons(change);
  const sum = element("p", { class: "convlib-sum" });
  const changed = element("p", { class: "convlib-changed" });
  const why = element("p", { class: "convlib-why" });
  const rule = element("p", { class: "convlib-rule" });
  const hint = element("p", { class: "convlib-caption" });
  const outputs = element("div", { class: "convlib-row" }, beforeTable.root, outputTable.root);
  place.append(
    element("div", { class: "convlib-buttons" }, ...steps.buttons, reset),
    element("div", { class: "convlib-row" }, inputTable.root, outputs),
    sum, changed, why, rule, hint,
  );

  return function draw(state, result) {
    drawn = { state, result };
    const { input, pool, kernel_size: k, stride, padding, shift, step } = state;
    const { shifted, before, output } = result;
    const [height, width] = shifted.shape;
    const [rows, columns] = output.shape;
    const [row, column] = [Math.floor(step / columns), step % columns];
    const isMax = pool === "max";
    const changes = changesOf(result);

    const isAdded = (r, c) => r < padding || c < padding || r >= padding + height || c >= padding + width;
    const valueAt = (r, c) => shifted.data[(r - padding) * width + c - padding];
    const [top, left] = [row * stride, column * stride];
    const window = upTo(k * k - 1).map((i) => [top + Math.floor(i / k), left + (i % k)]);
    const values = window.map((at) => (isAdded(...at) ? (isMax ? -Infinity : 0) : valueAt(...at)));
    const winner = isMax ? window[values.indexOf(output.data[step])] : undefined;

    inputTable.draw(WORDS.input(height, width, padding, shift), [height + 2 * padding, width + 2 * padding], (r, c) => {
      const added = isAdded(r, c);
      const inWindow = r >= top && r < top + k && c >= left && c < left + k;
      const isWinner = winner && r === winner[0] && c === winner[1];
      const cameIn = !added && c - padding < shift;
      const labels = [
        added && (isMax ? WORDS.added : TEXT.paddingCell),
        inWindow && TEXT.inWindow,
        isWinner && WORDS.winner,
        cameIn && WORDS.cameIn,
      ];
      const marks = [added && "added", inWindow && "window", isWinner && "current", cameIn && "wrapped"];
      return {
        value: added ? (isMax ? undefined : 0) : valueAt(r, c),
        label: labels.filter(Boolean).join(", "),
        marks: marks.filter(Boolean).join(" "),
        editable: !added,
      };
    });
    beforeTable.draw(WORDS.before, before.shape, (r, c) => ({ value: before.data[r * columns + c] }));
    outputTable.draw(WORDS.output, output.shape, (r, c) => {
      const i = r * columns + c;
      const isCurrent = i === step;
      return {
        value: output.data[i],
        note: changes[i] ? WORDS.change(changes[i]) : "",
        label: [changes[i] && WORDS.isChanged, isCurrent && WORDS.current].filter(Boolean).join(", "),
        marks: [isCurrent && "current", changes[i] && "changed"].filter(Boolean).join(" "),
        selected: isCurrent,
      };
    });

    const told = sentences(state, result, changes);
    const kept = `${TEXT.outputName(row, column)} = ${WORDS.kept(pool, values)} = ${number(output.data[step])}`;
    write(sum, kept);
    write(changed, told.changed);
    write(why, told.why);
    why.hidden = !told.why;
    write(rule, WORDS.rule(state, height * width, rows * columns));
    write(hint, WORDS.hint(shift));
    steps.show(step, rows * columns - 1);
    say([WORDS.position(step + 1, rows * columns), `${kept}.`, told.changed, told.why].filter(Boolean).join(" "));
  };
}

const code = (library, { input, pool, kernel_size: kernelSize, stride, padding, shift }) =>
  poolProgram(library, {
    arrays: { input: [[input]] },
    kind: pool,
    kernelSize,
    stride,
    padding,
    shift,
    show: "output[0, 0]",
  });

export default makeExplorer({
  name: "Pooling",
  settings: ["input", "pool", "kernel_size", "stride", "padding", "shift", "step"],
  choices: { pool: POOLS },
  inputs: ["input", "pool", "kernel_size", "stride", "padding", "shift"],
  legal,
  bounds,
  compute,
  code,
  unfit: ({ input }) => unfitArray("input", input, [LARGEST.input, LARGEST.input]),
  build,
});
