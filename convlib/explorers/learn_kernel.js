// LearnKernel: gradient descent finds a kernel from an input and what that kernel made of it.
import { trainProgram } from "./toolkit/code.js";
import { element, svg, write } from "./toolkit/dom.js";
import { array, fromRows, product } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp, shapeOf, unfitArray, upTo } from "./toolkit/numbers.js";
import { DIVERGING_GRADIENT, largestMagnitude, Picture } from "./toolkit/picture.js";
import { number, TEXT } from "./toolkit/words.js";

const WORDS = TEXT.learn;
const STEPS = 60;
const RATES = [0.003, 0.03, 0.1, 0.3, 0.5, 1];
const CUSTOM = "custom";
const TARGETS = ["sobel column", "sobel row", "box", "gaussian", "laplacian", "sharpen", CUSTOM];
const SMALLEST_INPUT = 5;
const LARGEST = { input: [16, 16], custom: [5, 5] };
// shares of the first loss: training is stopped above the one and has found the kernel below the other
const DIVERGED = 100;
const CONVERGED = 1e-4;

const asBatch = ({ data, shape }) => ({ data, shape: [1, 1, ...shape] });

/** Arrays of one shape as one array with one more axis. */
const stack = (parts, shape) => array(parts.flatMap((part) => [...part]), [parts.length, ...shape]);

/** One of the arrays that were stacked. */
function part({ data, shape: [, ...shape] }, index) {
  const size = product(shape);
  return { data: data.slice(index * size, (index + 1) * size), shape };
}

/** The state with the weights that are to be found. */
function complete(state, { model }) {
  return { ...state, kernel: state.target === CUSTOM ? state.custom : model.get("targets")[state.target] };
}

/** Gradient descent from zeros: the kernels, their gradients and losses, before and after each step. */
function train(engine, { input, kernel, rate }) {
  const plane = fromRows(input);
  const shape = shapeOf(kernel);
  const wanted = engine.correlate(plane, fromRows(kernel));
  const count = wanted.data.length;
  const [kernels, gradients, losses] = [[], [], []];
  let weight = new Float32Array(kernel.flat().length);
  while (kernels.length <= STEPS) {
    const made = engine.correlate(plane, { data: weight, shape });
    const error = made.data.map((value, i) => value - wanted.data[i]);
    const scaled = { data: error.map((value) => (2 / count) * value), shape: wanted.shape };
    const gradient = engine.conv2dWeight(asBatch(plane), [1, 1, ...shape], asBatch(scaled)).data;
    kernels.push(weight);
    gradients.push(gradient);
    losses.push(Math.fround(error.reduce((sum, value) => sum + value * value, 0) / count));
    if (losses.at(-1) > DIVERGED * losses[0]) break;
    weight = weight.map((value, i) => value - rate * gradient[i]);
  }
  return {
    wanted,
    kernels: stack(kernels, shape),
    gradients: stack(gradients, shape),
    losses: array(losses, [losses.length]),
  };
}

let last = {}; // the last training and what it was of: the step alone repeats none
function training(engine, { input, kernel, rate }) {
  if (last.input !== input || last.kernel !== kernel || last.rate !== rate) {
    last = { input, kernel, rate, arrays: train(engine, { input, kernel, rate }) };
  }
  return last.arrays;
}

const lastStep = ({ losses }) => losses.data.length - 1;

/** The nearest state that can be shown, and how many of its steps were made before training was stopped. */
function legal(engine, state) {
  const step = clamp(state.step, 0, STEPS);
  return { ...state, step, made: Math.min(step, lastStep(training(engine, state))) };
}

const bounds = () => ({ step: [0, STEPS] });

function compute(engine, state) {
  const arrays = training(engine, state);
  return { ...arrays, output: part(arrays.kernels, Math.min(state.step, lastStep(arrays))) };
}

/** What became of a training with this rate. */
function verdict(rate, { data: losses }) {
  const [first] = losses;
  const final = losses.at(-1);
  if (first === 0) return WORDS.nothing;
  if (final > DIVERGED * first) return WORDS.diverges(rate, losses.length - 1);
  if (final >= CONVERGED * first) return WORDS.isOnItsWay(rate, STEPS, final / first);
  return WORDS.converges(rate, losses.findIndex((loss) => loss < CONVERGED * first));
}

/** Rounded to three digits of the largest: what is nothing beside it reads as 0. */
function rounded(value, largest) {
  const unit = 10 ** (Math.floor(Math.log10(largest)) - 2);
  return largest > 0 ? Math.round(value / unit) * unit : 0;
}

function build({ engine, place, reset, change, report, say }) {
  let drawn; // the state on the screen

  const targetTable = new NumberTable({
    onEdit: (row, column, value) => change({ target: CUSTOM, custom: edited(drawn.kernel, row, column, value) }),
    onBadNumber: (text) => report(TEXT.notANumber(text)),
  });
  const learnedTable = new NumberTable();
  const gradientTable = new NumberTable();
  const tables = element("div", { class: "convlib-row" }, targetTable.root, learnedTable.root, gradientTable.root);

  const told = element("p", { class: "convlib-told" });
  const judged = element("p", { class: "convlib-verdict" });
  const update = element("p", { class: "convlib-sum" });
  const names = ["input", "wanted", "made", "error"];
  const maps = Object.fromEntries(names.map((name) => [name, new CaptionedMap(WORDS[name])]));
  const low = element("span");
  const high = element("span");
  const bar = element("span", { class: "convlib-bar" });
  bar.style.backgroundImage = DIVERGING_GRADIENT;
  const legend = element("div", { class: "convlib-legend" }, low, bar, high);
  const pictures = element("div", { class: "convlib-maps" }, ...Object.values(maps).map(({ root }) => root), legend);
  const correlation = element("p", { class: "convlib-caption" });
  const curve = new Curve();
  const hint = element("p", { class: "convlib-caption" }, WORDS.hint);
  place.append(
    element("div", { class: "convlib-buttons" }, reset),
    told, judged, curve.root, tables, update, pictures, correlation, hint,
  );

  function drawTables({ kernel, made }, { output, gradients }) {
    const [, columns] = output.shape;
    const largest = largestMagnitude(kernel.flat());
    const gradient = part(gradients, made).data;
    const steepest = largestMagnitude(part(gradients, 0).data);
    targetTable.draw(WORDS.target, output.shape, (r, c) => ({ value: kernel[r][c], marks: "weight", editable: true }));
    learnedTable.draw(WORDS.learned(made), output.shape, (r, c) => {
      const value = output.data[r * columns + c];
      const off = rounded(Math.abs(value - kernel[r][c]), largest);
      return {
        value: rounded(value, largest),
        note: off ? WORDS.off(number(off)) : "",
        marks: "heat",
        heat: largest > 0 ? 0.9 * Math.min(off / largest, 1) : 0,
      };
    });
    gradientTable.draw(WORDS.gradient, output.shape, (r, c) => ({
      value: rounded(gradient[r * columns + c], steepest),
    }));
  }

  /** The next step of one weight, with its numbers. */
  function nextStep({ rate, made }, { kernels, gradients, losses }, worst) {
    if (made === lastStep({ losses })) return WORDS.end;
    const columns = kernels.shape[2];
    const [now, next] = [made, made + 1].map((step) => part(kernels, step).data[worst]);
    const gradient = part(gradients, made).data[worst];
    return WORDS.next(Math.floor(worst / columns), worst % columns, now, rate, gradient, next);
  }

  function drawMaps({ input, kernel }, { wanted, output }) {
    const plane = fromRows(input);
    const made = engine.correlate(plane, output);
    const error = { data: made.data.map((value, i) => value - wanted.data[i]), shape: made.shape };
    const largest = largestMagnitude(wanted.data);
    maps.input.drawGrey(plane);
    for (const [name, map] of Object.entries({ wanted, made, error })) maps[name].drawSigned(map, largest);
    write(low, number(-largest));
    write(high, number(largest));
    write(correlation, WORDS.correlation(error.data.length));
  }

  return function draw(state, result) {
    drawn = state;
    const { kernel, rate, step, made } = state;
    const { output, losses } = result;
    const errors = kernel.flat().map((weight, i) => Math.abs(output.data[i] - weight));
    const largest = Math.max(...errors);
    const now = WORDS.told(step, STEPS, made, losses.data[made], largest);
    const fate = verdict(rate, losses);
    write(told, now);
    write(judged, fate);
    drawTables(state, result);
    write(update, nextStep(state, result, errors.indexOf(largest)));
    drawMaps(state, result);
    curve.draw(losses, made);
    say(`${now} ${fate}`);
  };
}

/** A captioned picture of a small array. */
class CaptionedMap {
  constructor(caption) {
    this.caption = caption;
    this.picture = new Picture();
    this.frame = element("div", { class: "convlib-picture", role: "img" }, this.picture.canvas);
    this.root = element("figure", {}, element("figcaption", {}, caption), this.frame);
  }

  /** From −1, black, to 1, white. */
  drawGrey({ data, shape }) {
    this.picture.drawGrey({ data: data.map((value) => 127.5 * (value + 1)), shape });
    this.describe({ data, shape });
  }

  /** What lies outside of the scale is drawn as its end. */
  drawSigned({ data, shape }, largest) {
    this.picture.drawSigned({ data: data.map((value) => clamp(value, -largest, largest)), shape }, largest);
    this.describe({ data, shape });
  }

  describe({ data, shape }) {
    const range = [Math.min(...data), Math.max(...data)].map((value) => number(value));
    this.frame.setAttribute("aria-label", WORDS.map(this.caption, shape, range));
  }
}

// in units of the drawing
const PLOT = { left: 36, top: 8, width: 312, height: 128 }; // above it, room for half a label
// decades that the axis reaches above and below the first loss
const ABOVE = 2.5;
const BELOW = 6;

const across = (step) => (PLOT.width * step) / STEPS;
const down = (share) => (PLOT.height * (ABOVE - Math.log10(Math.max(share, 1e-30)))) / (ABOVE + BELOW);

/** The loss of every step, on a logarithmic axis. */
class Curve {
  constructor() {
    const { left: x, top: y, width, height } = PLOT;
    this.powers = svg("g");
    this.line = svg("path", { class: "convlib-line" });
    this.cut = svg("path", { class: "convlib-marked" });
    this.dot = svg("circle", { r: 4 });
    const numbered = (step) => svg("text", { x: x + across(step), y: y + height + 12 }, String(step));
    const steps = upTo(STEPS / 10).map((tens) => numbered(10 * tens));
    const limits = [
      svg("path", { class: "convlib-limit", d: `M0 ${down(DIVERGED)}H${width}M0 ${down(CONVERGED)}H${width}` }),
      svg("text", { class: "convlib-limit", x: width - 4, y: down(DIVERGED) + 8 }, WORDS.stopped),
      svg("text", { class: "convlib-limit", x: width - 4, y: down(CONVERGED) - 7 }, WORDS.found),
    ];
    // a drawing within the drawing cuts off what is beyond its border
    const plot = svg("svg", { x, y, width, height }, ...limits, this.line, this.cut);
    const frame = svg("rect", { x, y, width, height });
    const marker = svg("g", { transform: `translate(${x} ${y})` }, this.dot);
    this.drawing = svg("svg", { class: "convlib-curve", role: "img", viewBox: "0 0 360 156" });
    this.drawing.append(...steps, this.powers, frame, plot, marker);
    this.root = element("figure", { class: "convlib-losses" }, element("figcaption", {}, WORDS.curve), this.drawing);
  }

  draw(losses, step) {
    const scale = losses.data[0] || 1;
    if (this.losses !== losses) this.drawLine(losses, scale);
    const [x, y] = [across(step), down(losses.data[step] / scale)];
    this.cut.setAttribute("d", `M${x} 0V${PLOT.height}`);
    this.dot.setAttribute("transform", `translate(${x} ${y})`);
    this.dot.setAttribute("opacity", y === clamp(y, 0, PLOT.height) ? 1 : 0);
  }

  drawLine(losses, scale) {
    this.losses = losses;
    const points = Array.from(losses.data, (loss, step) => `${across(step)} ${down(loss / scale).toFixed(1)}`);
    this.line.setAttribute("d", `M${points.join("L")}`);
    const middle = Math.log10(scale);
    const powers = upTo(Math.floor(middle + ABOVE), Math.ceil(middle - BELOW)).filter((power) => power % 2 === 0);
    const { left, top } = PLOT;
    const label = (power) => svg("text", { x: left - 5, y: top + down(10 ** power / scale) }, WORDS.power(power));
    this.powers.replaceChildren(...powers.map(label));
    this.drawing.setAttribute("aria-label", WORDS.curveAlt(losses.data[0], losses.data.at(-1), lastStep({ losses })));
  }
}

function code(library, { input, kernel, rate, made }) {
  return trainProgram(library, { input: [[input]], target: [[kernel]], rate, steps: made, show: "output[0, 0]" });
}

/** Why a state from a link cannot be shown. */
function unfit({ input, custom }) {
  const wrong = unfitArray("input", input, LARGEST.input) ?? unfitArray("custom", custom, LARGEST.custom);
  if (wrong) return wrong;
  if (shapeOf(input).some((size) => size < SMALLEST_INPUT)) return WORDS.tooSmall(SMALLEST_INPUT);
  return input.flat().every((value) => Math.abs(value) <= 1) ? undefined : WORDS.outside;
}

export default makeExplorer({
  name: "LearnKernel",
  settings: ["input", "target", "custom", "rate", "step"],
  choices: { target: TARGETS, rate: RATES },
  inputs: ["input", "kernel", "rate", "step"],
  reals: ["rate"],
  complete,
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
