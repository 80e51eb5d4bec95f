// Dilation: where the taps of a dilated kernel lie, and which cells between them are skipped.
import { program } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { fromRows } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { gridRules, unfitGrid } from "./toolkit/grid.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { shapeOf } from "./toolkit/numbers.js";
import { makeStepButtons } from "./toolkit/steps.js";
import { number, sumOfProducts, TEXT } from "./toolkit/words.js";

const WORDS = TEXT.dilation;

function compute(engine, { input, kernel, dilation, padding }) {
  const plane = fromRows(input);
  return {
    padded: engine.pad(plane, padding, "zeros"),
    output: engine.correlate(plane, fromRows(kernel), { padding, dilation, mode: "zeros" }),
  };
}

/** What lies at a cell of the padded input under the window: a weight, "gap", or nothing outside of the window. */
function under({ kernel, dilation }, [top, left]) {
  return (row, column) => {
    const place = [row - top, column - left];
    const isInside = place.every((at, axis) => at >= 0 && at <= dilation * (shapeOf(kernel)[axis] - 1));
    if (!isInside) return undefined;
    const [i, j] = place.map((at) => at / dilation);
    return kernel[i]?.[j] ?? "gap"; // a gap's index is a fraction
  };
}

/** What is true along both axes as one sentence, and along each as one sentence an axis. */
const eachAxis = (values, sentence) =>
  values[0].join() === values[1].join()
    ? sentence("", ...values[0])
    : values.map((of, axis) => sentence(WORDS.axes[axis], ...of)).join(" ");

function build({ place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const onBadNumber = (text) => report(TEXT.notANumber(text));
  const inputTable = new NumberTable({
    onEdit(row, column, value) {
      const p = drawn.state.padding;
      change({ input: edited(drawn.state.input, row - p, column - p, value) });
    },
    onBadNumber,
  });
  const kernelTable = new NumberTable({
    onEdit: (row, column, value) => change({ kernel: edited(drawn.state.kernel, row, column, value) }),
    onBadNumber,
  });
  const outputTable = new NumberTable({
    onSelect: (row, column) => change({ step: row * drawn.result.output.shape[1] + column }),
  });

  const steps = makeStepButtons(change);
  const distance = element("p", { class: "convlib-distance" });
  const effective = element("p", { class: "convlib-effective" });
  const keeps = element("p", { class: "convlib-keeps" });
  const sum = element("p", { class: "convlib-sum" });
  const tables = element("div", { class: "convlib-row" }, inputTable.root, kernelTable.root, outputTable.root);
  const hint = element("p", { class: "convlib-caption" }, WORDS.hint);
  place.append(
    element("div", { class: "convlib-buttons" }, ...steps.buttons, reset),
    tables, sum, distance, effective, keeps, hint,
  );

  return function draw(state, result) {
    drawn = { state, result };
    const { padded, output } = result;
    const { input, kernel, dilation, padding, step } = state;
    const [rows, columns] = output.shape;
    const [row, column] = [Math.floor(step / columns), step % columns];
    const found = under(state, [row, column]);

    inputTable.draw(TEXT.input(...shapeOf(input), padding), padded.shape, (r, c) => {
      const weight = found(r, c);
      const isGap = weight === "gap";
      const isTap = weight !== undefined && !isGap;
      const added = r < padding || c < padding || r >= padding + input.length || c >= padding + input[0].length;
      return {
        value: padded.data[r * padded.shape[1] + c],
        note: isTap ? `×${number(weight)}` : "",
        label: [added && TEXT.paddingCell, isTap && WORDS.tap, isGap && WORDS.gap].filter(Boolean).join(", "),
        marks: [added && "added", isTap && "window", isGap && "gap"].filter(Boolean).join(" "),
        editable: !added,
      };
    });
    kernelTable.draw(TEXT.kernel(...shapeOf(kernel)), shapeOf(kernel), (r, c) => ({
      value: kernel[r][c],
      marks: "weight",
      editable: true,
    }));
    outputTable.draw(TEXT.output(rows, columns), output.shape, (r, c) => {
      const isCurrent = r * columns + c === step;
      return {
        value: output.data[r * columns + c],
        label: isCurrent ? WORDS.current : "",
        marks: isCurrent ? "current" : "",
        selected: isCurrent,
      };
    });

    const taps = kernel.flatMap((weights, i) => weights.map((weight, j) => [weight, i, j]));
    const valueUnder = ([, i, j]) => padded.data[(row + i * dilation) * padded.shape[1] + column + j * dilation];
    const products = sumOfProducts(taps.map(valueUnder), taps.map(([weight]) => weight));
    const now = number(output.data[step]);
    write(sum, `${TEXT.outputName(row, column)} = ${products} = ${now}`);
    write(distance, WORDS.distance(dilation));
    const sizes = eachAxis(shapeOf(kernel).map((k) => [dilation, k]), WORDS.effective);
    write(effective, sizes);
    const kept = eachAxis(shapeOf(kernel).map((k) => [dilation, k]), WORDS.keeps);
    write(keeps, kept);
    steps.show(step, rows * columns - 1);
    const spoken = [WORDS.position(step + 1, rows * columns), `${TEXT.outputName(row, column)} = ${now}.`];
    say([...spoken, WORDS.distance(dilation), sizes, TEXT.output(rows, columns)].join(" ") + ".");
  };
}

function code(library, { input, kernel, dilation, padding }) {
  const both = (value) => [value, value];
  return program(library, {
    arrays: { input: [[input]], weight: [[kernel]] },
    conv: { axes: 2, stride: both(1), sides: both(both(padding)), dilation: both(dilation) },
    show: "output[0, 0]",
  });
}

export default makeExplorer({
  name: "Dilation",
  settings: ["input", "kernel", "dilation", "padding", "step"],
  choices: {},
  inputs: ["input", "kernel", "dilation", "padding"],
  ...gridRules(6),
  compute,
  code,
  unfit: (state) => unfitGrid(state),
  build,
});
