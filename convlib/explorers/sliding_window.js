// SlidingWindow: a kernel steps over a grid of numbers, and every product can be seen.
import { program } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { fromRows, MODES } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { gridRules, lastOutput, unfitGrid } from "./toolkit/grid.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, upTo } from "./toolkit/numbers.js";
import { sources } from "./toolkit/padding.js";
import { makeStepButtons } from "./toolkit/steps.js";
import { biasTerm, number, sumOfProducts, TEXT } from "./toolkit/words.js";

const RULES = gridRules(4);

/** Which input cell each padded cell was copied from, see toolkit/padding.js. */
const sourcesOf = (engine, { input, padding, padding_mode: mode }) =>
  sources(engine, shapeOf(input), padding, mode);

function legal(engine, state) {
  const next = RULES.legal(engine, state);
  return { ...next, reached: clamp(state.reached, next.step, lastOutput(engine, next)) };
}

function compute(engine, { input, kernel, bias, stride, padding, dilation, padding_mode: mode }) {
  const plane = fromRows(input);
  return {
    padded: engine.pad(plane, padding, mode),
    output: engine.correlate(plane, fromRows(kernel), { bias: [bias], stride, padding, dilation, mode }),
  };
}

const taps = ({ kernel }) => kernel.flatMap((weights, i) => weights.map((weight, j) => ({ i, j, weight })));

/** The cells of the padded input under the kernel at one output: [{ row, column, weight }]. */
const windowAt = (state, row, column) =>
  taps(state).map(({ i, j, weight }) => ({
    row: row * state.stride + i * state.dilation,
    column: column * state.stride + j * state.dilation,
    weight,
  }));

/** Every output that reads the selected input, through the padding too: Map from output index to weights. */
function findFed(engine, state, [rows, columns]) {
  const fed = new Map();
  if (!state.selected.length) return fed;
  const source = sourcesOf(engine, state);
  const isSelected = ({ row, column }) => String(source(row, column)) === String(state.selected);
  for (const index of upTo(rows * columns - 1)) {
    const weights = windowAt(state, Math.floor(index / columns), index % columns).filter(isSelected);
    if (weights.length) fed.set(index, weights.map(({ weight }) => number(weight)).join(", "));
  }
  return fed;
}

function build({ engine, place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const onEscape = () => change({ selected: [] });
  const onBadNumber = (text) => report(TEXT.notANumber(text));
  const inputTable = new NumberTable({
    onSelect(row, column) {
      const from = sourcesOf(engine, drawn.state)(row, column);
      if (from) change({ selected: from });
    },
    onEdit(row, column, value) {
      const p = drawn.state.padding;
      change({ input: edited(drawn.state.input, row - p, column - p, value) });
    },
    onEscape,
    onBadNumber,
  });
  const kernelTable = new NumberTable({
    onEdit: (row, column, value) => change({ kernel: edited(drawn.state.kernel, row, column, value) }),
    onEscape,
    onBadNumber,
  });
  const biasTable = new NumberTable({ onEdit: (row, column, value) => change({ bias: value }), onEscape, onBadNumber });
  const outputTable = new NumberTable({
    onSelect: (row, column) => change({ step: row * drawn.result.output.shape[1] + column }),
    onEscape,
  });

  const steps = makeStepButtons(change);
  const sum = element("p", { class: "convlib-sum" });
  const feeds = element("p", { class: "convlib-feeds" });
  const kernelAndBias = element("div", { class: "convlib-stack" }, kernelTable.root, biasTable.root);
  const tables = element("div", { class: "convlib-row" }, inputTable.root, kernelAndBias, outputTable.root);
  place.append(element("div", { class: "convlib-buttons" }, ...steps.buttons, reset), tables, sum, feeds);

  return function draw(state, result) {
    drawn = { state, result };
    const { padded, output } = result;
    const { input, kernel, bias, padding, step, reached, selected } = state;
    const [rows, columns] = output.shape;
    const [row, column] = [Math.floor(step / columns), step % columns];
    const window = windowAt(state, row, column);
    const source = sourcesOf(engine, state);
    const fed = findFed(engine, state, output.shape);

    const weightAt = new Map(window.map((tap) => [`${tap.row},${tap.column}`, tap.weight]));
    inputTable.draw(TEXT.input(...shapeOf(input), padding), padded.shape, (r, c) => {
      const weight = weightAt.get(`${r},${c}`);
      const added = r < padding || c < padding || r >= padding + input.length || c >= padding + input[0].length;
      const isSelected = selected.length > 0 && String(source(r, c)) === String(selected);
      return {
        value: padded.data[r * padded.shape[1] + c],
        note: weight === undefined ? "" : `×${number(weight)}`,
        label: [added && TEXT.paddingCell, weight !== undefined && TEXT.inWindow].filter(Boolean).join(", "),
        marks: [added && "added", weight !== undefined && "window", isSelected && "selected"].filter(Boolean).join(" "),
        selected: isSelected && !added,
        editable: !added,
      };
    });
    kernelTable.draw(TEXT.kernel(...shapeOf(kernel)), shapeOf(kernel), (r, c) => ({
      value: kernel[r][c],
      marks: "weight",
      editable: true,
    }));
    biasTable.draw(TEXT.bias, [1, 1], () => ({ value: bias, marks: "weight", editable: true }));
    outputTable.draw(TEXT.output(rows, columns), output.shape, (r, c) => {
      const index = r * columns + c;
      const notes = [index > reached && TEXT.empty, index === step && TEXT.current];
      if (fed.has(index)) notes.push(TEXT.isFed(fed.get(index)));
      const marks = [index === step && "current", index > step && "later", fed.has(index) && "fed"];
      return {
        value: index > reached ? undefined : output.data[index],
        label: notes.filter(Boolean).join(", "),
        marks: marks.filter(Boolean).join(" "),
        selected: index === step,
      };
    });

    const values = window.map((tap) => padded.data[tap.row * padded.shape[1] + tap.column]);
    const products = sumOfProducts(values, window.map((tap) => tap.weight));
    const written = `${products} ${biasTerm(bias)} = ${number(output.data[step])}`;
    write(sum, `${TEXT.outputName(row, column)} = ${written}`);
    const told = describeFed(state, fed, columns);
    write(feeds, told || TEXT.editHint);
    steps.show(step, rows * columns - 1);
    const now = `${TEXT.outputName(row, column)} = ${number(output.data[step])}.`;
    say([TEXT.swept(step + 1, rows * columns), now, told].filter(Boolean).join(" "));
  };
}

function code(library, { input, kernel, bias, stride, padding, dilation, padding_mode: mode }) {
  const both = (value) => [value, value];
  return program(library, {
    arrays: { input: [[input]], weight: [[kernel]], bias: [bias] },
    conv: { axes: 2, stride: both(stride), sides: both(both(padding)), dilation: both(dilation), mode, bias: true },
    show: "output[0, 0]",
  });
}

/** Why a state from a link cannot be shown. */
function unfit({ input, kernel, bias, selected }) {
  const isInside = selected.length === 2 && input[selected[0]]?.[selected[1]] !== undefined;
  return unfitGrid({ input, kernel }, bias) ?? (selected.length && !isInside ? TEXT.badSelection : undefined);
}

function describeFed({ input, selected }, fed, columns) {
  if (!selected.length) return "";
  const [row, column] = selected;
  const outputs = [...fed].map(([index, weights]) => TEXT.feedsOne(Math.floor(index / columns), index % columns, weights));
  return TEXT.feeds(TEXT.inputName(row, column), number(input[row][column]), fed.size, outputs.join("; "));
}

export default makeExplorer({
  name: "SlidingWindow",
  settings: [
    "input", "kernel", "bias", "stride", "padding", "dilation", "padding_mode", "step", "reached", "selected",
  ],
  choices: { padding_mode: MODES },
  inputs: ["input", "kernel", "bias", "stride", "padding", "dilation", "padding_mode"],
  ...RULES,
  legal,
  compute,
  code,
  unfit,
  reals: ["bias"],
  build,
});
