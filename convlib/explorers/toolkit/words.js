// Every text of the front end, in one place, and how numbers are written and states spoken.

export const TEXT = {
  computedBy: { page: "computed in this page by convlib.wasm", kernel: "computed by convlib in Python" },
  reset: "Reset",
  code: "Code for this state",
  library: "Library",
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
};

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
