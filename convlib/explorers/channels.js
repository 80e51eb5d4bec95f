// Channels: every kernel reads all input channels, and each kernel gives one map.
import { program } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { array } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, unfitArray, unfitNumbers } from "./toolkit/numbers.js";
import { makeStepButtons } from "./toolkit/steps.js";
import { number, sumOfProducts, TEXT } from "./toolkit/words.js";

const LARGEST = { input: [4, 7, 7], weight: [4, 4, 3, 3], padding: 2 };
const MOST_LARGE = 7; // columns of a channel whose cells are large
const WORDS = TEXT.channels;

const stacked = (nested) => array(nested.flat(Infinity), shapeOf(nested));

/** A channel or a map of an array (C, H, W), as a function of row and column. */
const plane = ({ data, shape: [, rows, columns] }, index) => (row, column) =>
  data[(index * rows + row) * columns + column];

function countOutputs(engine, { input, weight, padding }) {
  const window = shapeOf(weight[0][0]);
  const [rows, columns] = shapeOf(input[0]).map((size, axis) => engine.outputSize(size, window[axis], 1, padding));
  return rows * columns;
}

function legal(engine, given) {
  const kernel = clamp(given.kernel, 0, given.weight.length - 1);
  const state = { ...given, kernel, padding: clamp(given.padding, 0, LARGEST.padding) };
  return { ...state, step: clamp(given.step, 0, countOutputs(engine, state) - 1) };
}

const bounds = (engine, state) => ({
  kernel: [0, state.weight.length - 1],
  padding: [0, LARGEST.padding],
  step: [0, countOutputs(engine, state) - 1],
});

function compute(engine, { input, weight, bias, kernel, padding }) {
  const channels = stacked(input);
  const slices = weight[kernel].map((slice) => [slice]); // each reads one channel
  return {
    padded: engine.pad2d(channels, { padding }),
    partial: engine.conv2d(channels, stacked(slices), { padding, groups: input.length }),
    output: engine.conv2d(channels, stacked(weight), { bias, padding }),
  };
}

function build({ place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const onBadNumber = (text) => report(TEXT.notANumber(text));
  const stepAt = (row, column) => row * drawn.result.output.shape[2] + column;
  const moveTo = (row, column) => change({ step: stepAt(row, column) });

  /** An input channel, the slice of the kernel that reads it, and the sums of their products. */
  function makeChannel(c) {
    const input = new NumberTable({
      onEdit(row, column, value) {
        const { input: old, padding: p } = drawn.state;
        change({ input: old.with(c, edited(old[c], row - p, column - p, value)) });
      },
      onBadNumber,
    });
    const slice = new NumberTable({
      onEdit(row, column, value) {
        const { weight: old, kernel } = drawn.state;
        change({ weight: old.with(kernel, old[kernel].with(c, edited(old[kernel][c], row, column, value))) });
      },
      onBadNumber,
    });
    const sums = new NumberTable({ onSelect: moveTo });
    const line = makeLine("", input.root, slice.root, c ? "+" : "", sums.root);
    return { input, slice, sums, line, products: element("p", { class: "convlib-sum" }) };
  }

  const makeMap = (o) =>
    new NumberTable({ onSelect: (row, column) => change({ kernel: o, step: stepAt(row, column) }) });

  const biasTable = new NumberTable({
    onEdit: (row, column, value) => change({ bias: drawn.state.bias.with(drawn.state.kernel, value) }),
    onBadNumber,
  });
  const mapTable = new NumberTable({ onSelect: moveTo });
  const lastLine = makeLine("+", "", biasTable.root, "=", mapTable.root);

  const steps = makeStepButtons(change);
  const addition = element("div", { class: "convlib-addition" });
  const depth = element("p");
  const products = element("div");
  const total = element("p", { class: "convlib-sum convlib-total" });
  const shapes = element("p", { class: "convlib-shapes" });
  const maps = element("div", { class: "convlib-row" });
  const told = element("div", { class: "convlib-addition-words" }, depth, products, total, shapes);
  told.append(element("p", {}, WORDS.maps), maps);
  const figure = element("div", { class: "convlib-row convlib-channels" }, addition, told);
  place.append(
    element("div", { class: "convlib-buttons" }, ...steps.buttons, reset),
    figure,
    element("p", { class: "convlib-caption" }, WORDS.hint),
  );

  let channels = [];
  let allMaps = [];
  function makeTables({ input, weight }) {
    if (channels.length !== input.length) {
      channels = input.map((_, c) => makeChannel(c));
      addition.replaceChildren(...channels.map(({ line }) => line), lastLine);
      products.replaceChildren(...channels.map((channel) => channel.products));
    }
    if (allMaps.length !== weight.length) {
      allMaps = weight.map((_, o) => makeMap(o));
      maps.replaceChildren(...allMaps.map(({ root }) => root));
    }
  }

  return function draw(state, result) {
    drawn = { state, result };
    makeTables(state);
    const { input, weight, bias, kernel, padding, step } = state;
    const { padded, partial, output } = result;
    const [, rows, columns] = output.shape;
    const [row, column] = [Math.floor(step / columns), step % columns];
    figure.classList.toggle("wide", padded.shape[2] > MOST_LARGE);

    const drawMap = (table, caption, values, mark = "current") =>
      table.draw(caption, [rows, columns], (r, c) => {
        const isCurrent = r === row && c === column;
        const [marks, label] = isCurrent ? [mark, WORDS.current] : [];
        return { value: values(r, c), marks, label, selected: isCurrent };
      }, padding);

    const terms = channels.map((channel, c) => {
      const values = plane(padded, c);
      const sums = plane(partial, c);
      const slice = weight[kernel][c];
      channel.input.draw(WORDS.input(c), padded.shape.slice(1), (i, j) => {
        const tap = slice[i - row]?.[j - column];
        const isTap = tap !== undefined;
        const isAdded = input[c][i - padding]?.[j - padding] === undefined;
        return {
          value: values(i, j),
          note: isTap ? `×${number(tap)}` : "",
          label: [isAdded && TEXT.paddingCell, isTap && TEXT.inWindow].filter(Boolean).join(", "),
          marks: [isAdded && "added", isTap && "window"].filter(Boolean).join(" "),
          editable: !isAdded,
        };
      }, padding);
      channel.slice.draw(WORDS.slice(kernel, c), shapeOf(slice), (i, j) => ({
        value: slice[i][j],
        marks: "weight",
        editable: true,
      }));
      drawMap(channel.sums, WORDS.sums(c), sums);
      const under = slice.flatMap((weights, i) => weights.map((_, j) => values(row + i, column + j)));
      const term = number(sums(row, column));
      write(channel.products, WORDS.products(c, sumOfProducts(under, slice.flat()), term));
      return term;
    });
    biasTable.draw(WORDS.bias(kernel), [1, 1], () => ({ value: bias[kernel], marks: "weight", editable: true }));
    drawMap(mapTable, WORDS.map(kernel), plane(output, kernel));
    allMaps.forEach((table, o) => drawMap(table, WORDS.map(o), plane(output, o), o === kernel ? "current" : "window"));

    const value = number(plane(output, kernel)(row, column));
    const sum = WORDS.total([kernel, row, column], terms, number(bias[kernel]), value);
    write(total, sum);
    write(depth, WORDS.depth(kernel, input.length, shapeOf(weight[0][0])));
    write(shapes, WORDS.shapes(shapeOf(weight), shapeOf(input), padding, output.shape));
    steps.show(step, rows * columns - 1);
    say(WORDS.spoken(kernel, step + 1, rows * columns, sum));
  };
}

const makeSign = (sign) => element("span", { class: "convlib-sign" }, sign);

/** A line of the written addition: its sums come below those of the line before. */
function makeLine(before, first, second, sign, sums) {
  const addend = element("div", { class: "convlib-addend" }, makeSign(before), second, makeSign(sign), sums);
  return element("div", { class: "convlib-line" }, first, addend);
}

function code(library, { input, weight, bias, padding }) {
  return program(library, {
    arrays: { input: [input], weight, bias },
    conv: { axes: 2, stride: [1, 1], sides: [0, 1].map(() => [padding, padding]), dilation: [1, 1], bias: true },
    show: "output[0]",
  });
}

/** Why a state from a link cannot be shown. */
function unfit({ input, weight, bias }) {
  const wrong = unfitArray("input", input, LARGEST.input) ?? unfitArray("weight", weight, LARGEST.weight);
  if (wrong) return wrong;
  if (weight[0].length !== input.length) return WORDS.badDepth(input.length, weight[0].length);
  if (bias.length !== weight.length) return WORDS.badBias(weight.length, bias.length);
  const [rows, columns] = shapeOf(weight[0][0]);
  return rows > input[0].length || columns > input[0][0].length ? TEXT.kernelTooLarge : unfitNumbers(bias);
}

export default makeExplorer({
  name: "Channels",
  settings: ["input", "weight", "bias", "kernel", "padding", "step"],
  choices: {},
  inputs: ["input", "weight", "bias", "kernel", "padding"],
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
