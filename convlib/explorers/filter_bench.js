// FilterBench: a photograph under a kernel whose every number can be changed.
import { program } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { array, asBytes, fromRows, MODES, toRows } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { edited, NumberTable } from "./toolkit/number_table.js";
import { clamp } from "./toolkit/numbers.js";
import { DIVERGING_GRADIENT, largestMagnitude, Picture, PictureTooBig, readPicture } from "./toolkit/picture.js";
import { number, sumOfProducts, TEXT } from "./toolkit/words.js";

const PRESETS = ["identity", "box", "gaussian", "sobel row", "sobel column", "laplacian", "sharpen", "custom"];
const SIZES = [3, 5, 7];
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// ms without a new result before the tables follow: drawing 147 cells takes longer than the pictures, and a slider on
// its way is watched for those
const REST = 60;

const pictures = new WeakMap(); // from bytes as they are sent to an array

function asPicture(view, shape) {
  if (!pictures.has(view)) pictures.set(view, array(asBytes(view), shape));
  return pictures.get(view);
}

/** The state with its picture and its kernel; a kernel of one's own is cropped or ringed with zeros. */
function complete(state, { model, shared }) {
  const own = state.upload_shape.length > 0;
  const picture = own ? asPicture(state.upload, state.upload_shape) : asPicture(shared.picture.get("data"), model.get("shape"));
  const size = SIZES.find((k) => k >= state.size) ?? SIZES.at(-1);
  return { ...state, size, picture, picture_name: model.get("picture_name"), kernel: kernelOf(state, size, model.get("presets")) };
}

function kernelOf({ preset, custom }, size, presets) {
  if (preset !== "custom") return fromRows(presets[preset][size]);
  const ring = (size - custom.length) / 2;
  const at = (i, j) => custom[i - ring]?.[j - ring] ?? 0;
  return fromRows(Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => at(i, j))));
}

function legal(engine, state) {
  const probe = state.probe.map((at, axis) => clamp(at, 0, state.picture.shape[axis] - 1));
  return probe.every((at, axis) => at === state.probe[axis]) ? state : { ...state, probe };
}

const bounds = () => ({ size: [SIZES[0], SIZES.at(-1)] });

const ring = ({ kernel }) => (kernel.shape[0] - 1) / 2; // the padding that keeps the picture's size

function compute(engine, state) {
  const options = { padding: ring(state), mode: state.padding_mode };
  return { output: engine.correlate(state.picture, state.kernel, options) };
}

const total = (data) => data.reduce((sum, x) => sum + x, 0);

/** Whether the weights cancel, so that even areas give zero and results have a sign. */
const isSigned = ({ kernel: { data } }) => Math.abs(total(data)) <= 1e-5 * total(data.map(Math.abs));

function code(library, { picture_name: name, upload_shape: own, kernel, padding_mode: mode }) {
  const isOurs = name && !own.length;
  const reach = (kernel.shape[0] - 1) / 2;
  return program(library, {
    extra: [isOurs ? "from convlib import pictures" : "from PIL import Image"],
    arrays: {
      picture: isOurs ? name : 'np.asarray(Image.open("my-picture.png").convert("L"))',
      input: "picture.astype(np.float32)[np.newaxis, np.newaxis]",
      weight: [[toRows(kernel)]],
    },
    conv: { axes: 2, stride: [1, 1], sides: [[reach, reach], [reach, reach]], dilation: [1, 1], mode },
    show: "output[0, 0]",
  });
}

/** Why a state from a link cannot be shown. */
function unfit({ custom, size, probe }) {
  const isSquare = SIZES.includes(custom.length) && custom.every((row) => row.length === custom.length);
  if (!isSquare) return TEXT.badSize("custom", SIZES.at(-1));
  const wrong = custom.flat().find((value) => !(Math.abs(value) <= 9999));
  if (wrong !== undefined) return TEXT.notANumber(wrong);
  if (!SIZES.includes(size)) return TEXT.badSize("size", SIZES.at(-1));
  return probe.length === 2 && probe.every(Number.isInteger) ? undefined : TEXT.badSelection;
}

/** The pixels under the kernel at the probe, the padding's too. */
function pixelsAt(engine, state) {
  const [size] = state.kernel.shape;
  const { data, shape } = engine.pad(state.picture, ring(state), state.padding_mode);
  const [row, column] = state.probe;
  return Array.from({ length: size * size }, (_, i) => data[(row + Math.floor(i / size)) * shape[1] + column + (i % size)]);
}

/** A canvas in a frame on which a rectangle of pixels can be marked. */
function framed(picture, attributes) {
  const marker = element("div", { class: "convlib-marker", "aria-hidden": true });
  const frame = element("div", { class: "convlib-picture", ...attributes }, picture.canvas, marker);
  const mark = ([row, column], size, [height, width]) => {
    const reach = (size - 1) / 2;
    marker.style.top = `${(100 * (row - reach)) / height}%`;
    marker.style.left = `${(100 * (column - reach)) / width}%`;
    marker.style.height = `${(100 * size) / height}%`;
    marker.style.width = `${(100 * size) / width}%`;
  };
  return { frame, mark };
}

function build({ engine, signal, place, reset, change, report, say }) {
  let drawn; // the state and arrays on the screen

  const before = new Picture();
  const after = new Picture();
  const left = framed(before, { role: "img" });
  const right = framed(after, { role: "application", tabindex: 0, "aria-roledescription": TEXT.probeRole });
  const caption = element("p", { class: "convlib-caption" });
  const low = element("span");
  const high = element("span");
  const bar = element("span", { class: "convlib-bar" });
  bar.style.backgroundImage = DIVERGING_GRADIENT;
  const legend = element("div", { class: "convlib-legend" }, low, bar, high);
  const figures = element(
    "div",
    { class: "convlib-pictures" },
    element("figure", {}, element("figcaption", {}, TEXT.picture), left.frame),
    element("figure", {}, element("figcaption", {}, TEXT.result), right.frame, legend),
  );

  const pixelTable = new NumberTable();
  const kernelTable = new NumberTable({
    onEdit(row, column, value) {
      const kernel = edited(toRows(drawn.state.kernel), row, column, value);
      change({ preset: "custom", size: kernel.length, custom: kernel });
    },
    onBadNumber: (text) => report(TEXT.notANumber(text)),
  });
  const productTable = new NumberTable();
  const tables = element("div", { class: "convlib-row" }, pixelTable.root, kernelTable.root, productTable.root);
  const sum = element("p", { class: "convlib-sum" });

  const file = element("input", { type: "file", accept: "image/*", class: "convlib-spoken", onchange: upload });
  const own = element("label", { class: "convlib-button" }, TEXT.yourPicture, file);
  place.append(figures, caption, element("div", { class: "convlib-buttons" }, own, reset), tables, sum);

  async function upload() {
    const [chosen] = file.files;
    file.value = ""; // the same file can be chosen again
    if (!chosen) return;
    try {
      const { data, shape } = await readPicture(chosen);
      report();
      change({ upload: new DataView(data.buffer), upload_shape: shape });
    } catch (error) {
      // a file that is no picture is the reader's affair; anything else is ours
      if (error instanceof PictureTooBig) report(TEXT.tooBig(chosen.name, error.megabytes));
      else if (error instanceof DOMException) report(TEXT.notAPicture(chosen.name));
      else throw error;
    }
  }

  function probeUnder(event) {
    const { left, top, width, height } = after.canvas.getBoundingClientRect();
    const [rows, columns] = drawn.state.picture.shape;
    const row = Math.floor(((event.clientY - top) / height) * rows);
    const column = Math.floor(((event.clientX - left) / width) * columns);
    change({ probe: [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)] });
  }
  right.frame.addEventListener("click", probeUnder);
  right.frame.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && event.buttons === 1) probeUnder(event);
  });
  right.frame.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const { probe, picture } = drawn.state;
    const far = event.shiftKey ? 10 : 1;
    change({ probe: probe.map((at, axis) => clamp(at + far * move[axis], 0, picture.shape[axis] - 1)) });
  });

  /** Returns whether there was a new result to draw. */
  function drawPictures({ state, result: { output } }) {
    if (drawn?.state.picture !== state.picture) {
      before.drawGrey(state.picture);
      left.frame.setAttribute("aria-label", TEXT.pictureAlt(...state.picture.shape));
    }
    if (drawn?.result.output === output) return false;
    const signed = isSigned(state);
    legend.hidden = !signed;
    if (signed) {
      const largest = largestMagnitude(output.data);
      after.drawSigned(output, largest);
      write(low, number(-largest));
      write(high, number(largest));
      write(caption, TEXT.signed);
    } else {
      write(caption, TEXT.clipped(after.drawGrey(output), output.data.length));
    }
    return true;
  }

  function drawNumbers({ state, result: { output } }) {
    const { probe, kernel, picture } = state;
    const [size] = kernel.shape;
    const pixels = pixelsAt(engine, state);
    const [row, column] = probe;
    const reach = ring(state);
    const outside = (r, c) =>
      row + r < reach || column + c < reach || row + r - reach >= picture.shape[0] || column + c - reach >= picture.shape[1];
    pixelTable.draw(TEXT.neighbourhood, kernel.shape, (r, c) => ({
      value: pixels[r * size + c],
      marks: outside(r, c) ? "added" : "",
    }));
    kernelTable.draw(TEXT.kernel(size, size), kernel.shape, (r, c) => ({
      value: kernel.data[r * size + c],
      marks: "weight",
      editable: true,
    }));
    productTable.draw(TEXT.products, kernel.shape, (r, c) => ({ value: pixels[r * size + c] * kernel.data[r * size + c] }));
    const value = number(output.data[row * picture.shape[1] + column]);
    write(sum, `${TEXT.outputName(row, column)} = ${sumOfProducts(pixels, [...kernel.data])} = ${value}`);
    const bench = TEXT.bench(state.preset, size, state.padding_mode);
    say(`${bench} ${caption.textContent} ${TEXT.outputName(row, column)} = ${value}.`);
  }

  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));
  function drawNumbersAtRest() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      drawNumbers(drawn);
    }, REST);
  }

  return function draw(state, result) {
    const isFirst = !drawn; // without numbers the tables would have no size, and what is below would jump
    const isNew = drawPictures({ state, result });
    left.mark(state.probe, state.kernel.shape[0], state.picture.shape);
    right.mark(state.probe, 1, state.picture.shape);
    right.frame.setAttribute("aria-label", TEXT.probe(...state.probe));
    drawn = { state, result };
    if ((isNew && !isFirst) || timer) drawNumbersAtRest();
    else drawNumbers(drawn);
  };
}

export default makeExplorer({
  name: "FilterBench",
  settings: ["preset", "size", "custom", "padding_mode", "probe", "upload", "upload_shape"],
  choices: { preset: PRESETS, padding_mode: MODES },
  inputs: ["preset", "size", "custom", "padding_mode", "upload", "upload_shape"],
  complete,
  legal,
  bounds,
  compute,
  code,
  unfit,
  link: ({ upload_shape: own }) => own.length === 0,
  build,
});
