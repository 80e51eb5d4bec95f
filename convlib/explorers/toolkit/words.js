// Every text of the front end, in one place, and how numbers are written and states spoken.

export const TEXT = {
  computedBy: { page: "computed in this page by convlib.wasm", kernel: "computed by convlib in Python" },
  reset: "Reset",
  code: "Code for this state",
  whichLibrary: "Library",
  copy: "Copy",
  copied: "Copied.",
  notCopied: "This browser does not let a page copy; select the text, or the address above, and copy it.",
  link: "Link to this state",
  linked: "Copied; the address above is this link too.",
  noLink: "A link cannot hold your own picture.",
  badSize: (name, largest) => `${name} must have from 1 to ${largest} rows and columns`,
  kernelTooLarge: "the kernel is larger than the input",
  badSelection: "the selected number is not in the input",
  badLink: (message) => `The link's state is ignored: ${message}. This is the page's own.`,
  back: "Back",
  next: "Next",
  failed: (message) => `Something went wrong: ${message}`,
  notANumber: (text) => `“${text}” is not a number from −9999 to 9999; the old one stays.`,
  editHint: "Select a number to see where it goes; select it again, or type, to change it.",
  cell: (row, column) => `row ${row}, column ${column}`,
  editing: (where) => `New value, ${where}`,

  input: (h, w, p) => `Input ${h} × ${w}` + (p ? `, padding ${p}` : ""),
  kernel: (h, w) => `Kernel ${h} × ${w}`,
  bias: "Bias",
  output: (h, w) => `Output ${h} × ${w}`,
  empty: "not computed yet",
  paddingCell: "padding",
  inWindow: "in the window",
  isFed: (weights) => `fed by the selected input, times ${weights}`,
  current: "being computed",
  outputName: (row, column) => `output[${row}, ${column}]`,
  inputName: (row, column) => `input[${row}, ${column}]`,
  bracketBias: "(bias)",
  feeds: (name, value, count, outputs) =>
    `${name} = ${value} feeds ${count} ${count === 1 ? "output" : "outputs"}${count ? ": " : "."}${outputs}`,
  feedsOne: (row, column, weights) => `[${row}, ${column}] ×${weights}`,
  swept: (step, count) => `Output ${step} of ${count}.`,

  picture: "Picture",
  yourPicture: "Your own picture…",
  notAPicture: (name) => `“${name}” is not a picture that this browser can read; the old one stays.`,
  tooBig: (name, megabytes) => `“${name}” is larger than ${megabytes} MB; the old picture stays.`,
  result: "Result",
  signed: "Signed map: zero is white.",
  clipped: (count, of) =>
    count
      ? `${count.toLocaleString("en")} of ${of.toLocaleString("en")} pixels were clipped to 0…255.`
      : "No pixel was clipped.",
  probe: (row, column) => `Probe at row ${row}, column ${column}. Arrow keys move it, with Shift by 10.`,
  probeRole: "picture with a probe",
  neighbourhood: "Pixels",
  products: "Products",
  pictureAlt: (h, w) => `Grey picture, ${h} × ${w} pixels`,
  bench: (preset, size, mode) => `${preset}, ${size} × ${size}, ${mode}.`,

  dilationStack: {
    stack: (dilations) => `[${dilations.join(", ")}]`,
    field: (dilations, k, size) => {
      const sum = dilations.length > 1 ? `(${dilations.join(" + ")})` : dilations[0];
      return `Receptive field: 1 + (k − 1)×Σr = 1 + (${k} − 1)×${sum} = ${size} positions along each axis.`;
    },
    row: (size) => `Paths to each of the ${size} positions along one axis`,
    plane: (size) => `In the plane, ${size} × ${size} positions`,
    hole: "0, a hole",
    covers: (seen, all) => `${seen} of ${all} positions (${percent(seen, all)} %)`,
    planeAlt: (covers, most) => `Heat map of the paths to each position: covers ${covers}; at most ${most} paths.`,
    coverage: (row, plane) => `One output covers ${row} along an axis; in the plane it covers ${plane}.`,
    products: "A count in the plane is the product of its row's and its column's count.",
    rule: (accepts, m2, k) =>
      `The usual rule (HDC) ${accepts ? "accepts" : "refuses"} this stack: M₂ = ${m2} is ` +
      `${accepts ? "at most" : "larger than"} k = ${k}.`,
    noRule: "The usual rule (HDC) says nothing about a single layer: it judges the second one.",
    counted: (holes) =>
      holes ? `Counted, there ${holes === 1 ? "is 1 hole" : `are ${holes} holes`} in the plane.` : "Counted, there is no hole.",
    agree: "Rule and count agree.",
    wronglyAccepted: (stack) =>
      `They disagree: the rule accepts ${stack} although it has holes. It does not look at r₁ at all.`,
    wronglyRefused: (stack) =>
      `They disagree: the rule refuses ${stack} although it has no hole. It depends on the layers' order, coverage does not.`,
    contradiction: "its preset, r1 … r4, layers and dilations do not agree",
  },

  dilation: {
    axes: ["Rows", "Columns"],
    tap: "under a tap",
    gap: "in a gap, not read",
    current: "of the marked window",
    position: (step, count) => `Window ${step} of ${count}.`,
    distance: (d) =>
      `Dilation d = ${d}: neighbouring taps lie a distance of ${d} apart, ` +
      (d === 1
        ? "so the gap between them is d − 1 = 0 cells: none is skipped."
        : `so the gap between them is d − 1 = ${d - 1} ${d === 2 ? "cell" : "cells"}, skipped.`),
    effective: (axis, d, k) =>
      `${axis && `${axis}: `}${axis ? "effective" : "Effective"} size d(k − 1) + 1 = ${d}×(${k} − 1) + 1 = ${d * (k - 1) + 1}.`,
    keeps: (axis, d, k) => {
      const total = d * (k - 1);
      const start = axis && `${axis}: `;
      return total % 2
        ? `${start}${axis ? "none" : "None"} of the paddings that are equal on both sides keeps the size, because d(k − 1) = ${total} is odd.`
        : `${start}${axis ? "padding" : "Padding"} p = d(k − 1)/2 = ${total / 2} keeps the size.`;
    },
    hint: "Select a number of the input or the kernel, or type on it, to change it; select an output to see its window.",
  },

  ledger: {
    title: "The output's size, term by term",
    heads: ["Step", "Here", "Result"],
    terms: ({ n, k, s, p, d, padded, room, size, unread }) => [
      ["n + 2p: the padded input", `${n} + 2·${p}`, `${padded}`],
      ["− d (k − 1) − 1: how far the window moves", `${padded} − ${d}·(${k} − 1) − 1`, `${room}`],
      ["/ s: in steps", `${room} / ${s}`, unread ? `${size - 1} + ${unread}/${s}` : `${size - 1}`],
      ["⌊ ⌋: in whole steps", unread ? `⌊${size - 1} + ${unread}/${s}⌋` : `⌊${size - 1}⌋`, `${size - 1}`],
      ["+ 1: the first window", `${size - 1} + 1`, `${size}`],
    ],
    formula: ({ n, k, s, p, d, size }) => `⌊(${n} + 2·${p} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ${size}`,
    unread: ({ unread }, added, skipped) => {
      const own = unread - added;
      const parts = [own && `${own} of the input`, added && `${added} of the padding`].filter(Boolean).join(", ");
      const end = unread ? `${cells(unread, "at the end")} never read: ${parts}.` : "The last window ends where the padded input ends.";
      return skipped ? `${end} Before that, ${cells(skipped)} passed over.` : end;
    },
    axis: ({ n, p, size, span, s }, told) =>
      `${n} cells of input, ${p} of padding on each side; ${size} ${size === 1 ? "window" : "windows"} of ${span} cells, ${s} apart. ${told}`,
    bar: (i) => `output ${i}`,
    sameTitle: "Padding that keeps the size, or n / s rounded up",
    own: (p) => `padding=${p}`,
    pytorch: 'PyTorch, "same"',
    tensorflow: 'TensorFlow, "same"',
    added: "Added before, after",
    size: "Output size",
    first: "First window starts at",
    pads: (before, after) => `${before}, ${after}`,
    position: (at) => number(at),
    refused: "only with stride 1",
    sameNote: "Keras pads as TensorFlow does. Where the sum is odd, the odd cell goes after in both.",
    badLargest: (most) => `the input's slider ends at 1 to ${most}`,
    spoken: ({ size }, told, [before, after]) =>
      `Output size ${size}. ${told} TensorFlow's same adds ${before} before, ${after} after.`,
  },

  padding: {
    cell: (row, column) => `row ${number(row)}, column ${number(column)}`,
    caption: (mode, chosen) => mode + (chosen ? ", chosen for the code" : ""),
    stops: {
      reflect: (n) => `reflect mirrors without repeating the border, so p must be smaller than ${n}.`,
      circular: (n) => `circular wraps around at most once, so p must be at most ${n}.`,
    },
    asFar: (p, reason) => `p = ${p} is the most here: ${reason}`,
    zero: (where) => `${where} is an added 0.`,
    copies: (where, source) => `${where} copies ${source}.`,
    copied: (where, count) => `${where} has ${count || "no"} ${count === 1 ? "copy" : "copies"} in the border.`,
    hint: "Select a border cell to see which input cell it copies; select an input cell twice, or type, to change it.",
    isAdded: "border",
    isSource: "copied by the selected cell",
    isCopy: "a copy of the selected cell",
    reads: "Reads of each cell",
    readBy: (k, p, counts) => `A ${k} × ${k} kernel, stride 1, p = ${p}. ${counts}`,
    evenly: (count) => `Every input cell is read ${times(count)}.`,
    unevenly: (corner, most) => `A corner is read ${times(corner)}, the most read cells ${times(most)}.`,
    readsOf: "Counted are the reads of the input's own cells, with zeros around them; reads of copies are left out.",
    spoken: (p, notes, reads) => `p = ${p}. ${notes} ${reads}`,
  },
};

const cells = (count, where = "") => [count, count === 1 ? "cell" : "cells", where, count === 1 ? "is" : "are"].filter(Boolean).join(" ");

const times = (count) => (count === 1 ? "once" : `${count} times`);

/** Whole percent; 100 only where nothing is missing. */
const percent = (part, whole) => (part === whole ? 100 : Math.min(Math.round((100 * part) / whole), 99));

/** Integers as integers, others with four digits; a true minus sign. */
export function number(x) {
  const rounded = Math.abs(x) >= 1e4 ? Math.round(x) : Number(x.toPrecision(4));
  return String(rounded).replace("-", "−");
}

/** What a reader typed, a fraction like 1/9 too; NaN if it is not a number. */
export function parse(text) {
  const parts = text.trim().replaceAll("−", "-").replace(",", ".").split("/");
  const [top, bottom = 1] = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = top / bottom;
  return parts.length <= 2 && Math.abs(value) <= 9999 ? value : NaN;
}

const factor = (x) => (x < 0 ? `(${number(x)})` : number(x));

const MOST_TERMS = 9; // more than a 3 × 3 kernel has, nobody reads

/** “0×0 + 1×1 + 3×2 + 4×3”, pixels first; the middle of a long sum is left out. */
export function sumOfProducts(values, weights) {
  const terms = Array.from(values, (value, i) => `${factor(value)}×${factor(weights[i])}`);
  if (terms.length > MOST_TERMS) terms.splice(3, terms.length - 4, "…");
  return terms.join(" + ");
}

/** “+ 2 (bias)” or “− 2 (bias)” */
export const biasTerm = (bias) => `${bias < 0 ? "−" : "+"} ${number(Math.abs(bias))} ${TEXT.bracketBias}`;

/** Says sentences to a screen reader, the newest at most once per pause: Play must not drown the reader. */
export function makeSpeaker(element, signal, pause = 1500) {
  let timer;
  let waiting;
  const speak = () => {
    timer = undefined;
    if (waiting === undefined) return;
    if (element.textContent !== waiting) element.textContent = waiting;
    waiting = undefined;
    timer = setTimeout(speak, pause);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (sentence) => {
    waiting = sentence;
    if (!timer) speak();
  };
}
