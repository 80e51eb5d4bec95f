// DilationStack: what a stack of dilated convolutions sees, counted, and what the usual rule says about it.
import { chainProgram } from "./toolkit/code.js";
import { element, write } from "./toolkit/dom.js";
import { array } from "./toolkit/engine.js";
import { makeExplorer } from "./toolkit/explorer.js";
import { NumberTable } from "./toolkit/number_table.js";
import { clamp } from "./toolkit/numbers.js";
import { COUNTS_GRADIENT, largestMagnitude, Picture } from "./toolkit/picture.js";
import { number, TEXT } from "./toolkit/words.js";

const WORDS = TEXT.dilationStack;
const MOST_LAYERS = 4;
const LARGEST_RATE = 9;
const KERNEL_SIZES = [2, 3, 5];
const RATES = ["r1", "r2", "r3", "r4"];
// as in dilation_stack.py: a choice is sent as its index
const STACKS = [[1, 1, 1], [2, 2, 2], [1, 2, 5], [1, 2, 9], [2, 4, 8], [1, 3, 9], [9, 3, 1], [2, 3, 3]];
const PRESETS = Object.fromEntries(STACKS.map((rates) => [WORDS.stack(rates), rates]));
const CUSTOM = "custom";
const SETTINGS = ["preset", "kernel_size", "layers", ...RATES, "dilations"];

const isSame = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

/**
 * The nearest state in which preset, sliders and dilations agree. `dilations` is what they said when they last did, so
 * the one that differs from it has moved and decides.
 */
function legal(engine, state) {
  let { preset, dilations } = state;
  let layers = clamp(state.layers, 1, MOST_LAYERS);
  let rates = RATES.map((name) => clamp(state[name], 1, LARGEST_RATE));
  if (preset !== CUSTOM && !isSame(PRESETS[preset], dilations)) {
    dilations = PRESETS[preset];
    layers = dilations.length;
    rates = rates.map((rate, i) => dilations[i] ?? rate);
  } else if (!isSame(rates.slice(0, layers), dilations)) {
    preset = CUSTOM;
    dilations = rates.slice(0, layers);
  }
  const named = Object.fromEntries(RATES.map((name, i) => [name, rates[i]]));
  return { ...state, ...named, preset, layers, dilations };
}

const bounds = () => ({
  layers: [1, MOST_LAYERS],
  ...Object.fromEntries(RATES.map((name) => [name, [1, LARGEST_RATE]])),
});

const ones = (axes, size) => {
  const shape = [1, 1, ...Array(axes).fill(size)];
  return array(Array(size ** axes).fill(1), shape);
};

/**
 * How many paths lead to each position: an impulse, convolved with one kernel of ones after the other. The largest
 * count, 5⁸ at most, is exact in float32.
 */
function count(engine, axes, { dilations, kernel_size: k }) {
  const weight = ones(axes, k);
  const convolve = (output, d) => engine[`conv${axes}d`](output, weight, { padding: d * (k - 1), dilation: d });
  const { data, shape } = dilations.reduce(convolve, ones(axes, 1));
  return { data, shape: shape.slice(2) };
}

const compute = (engine, state) => ({ row: count(engine, 1, state), output: count(engine, 2, state) });

/** M₂ of the usual rule; undefined for a single layer. Python's twin is convlib.shapes.hdc_accepts. */
function secondDistance(dilations) {
  if (dilations.length < 2) return undefined;
  const farther = (distance, rate) => Math.max(distance - 2 * rate, 2 * rate - distance, rate);
  return dilations.slice(1, -1).reduceRight(farther, dilations.at(-1));
}

const countSeen = ({ data }) => data.reduce((seen, paths) => seen + (paths > 0), 0);

/** The sentences about a state: how far it sees, how much of that, and what the rule says. */
function sentences({ dilations, kernel_size: k }, { row, output }) {
  const seen = countSeen(output);
  const holes = output.data.length - seen;
  const plane = WORDS.covers(seen, output.data.length);
  const m2 = secondDistance(dilations);
  const accepts = m2 <= k;
  const stack = WORDS.stack(dilations);
  let verdict = holes ? WORDS.wronglyAccepted(stack) : WORDS.wronglyRefused(stack);
  if (m2 === undefined) verdict = "";
  else if (accepts === (holes === 0)) verdict = WORDS.agree;
  return {
    field: WORDS.field(dilations, k, row.data.length),
    plane,
    coverage: WORDS.coverage(WORDS.covers(countSeen(row), row.data.length), plane),
    rule: m2 === undefined ? WORDS.noRule : WORDS.rule(accepts, m2, k),
    counted: WORDS.counted(holes),
    verdict,
    accepts: m2 === undefined ? "" : accepts,
  };
}

function build({ place, reset, controls, say }) {
  const rowTable = new NumberTable();
  const picture = new Picture();
  const frame = element("div", { class: "convlib-picture", role: "img" }, picture.canvas);
  const caption = element("figcaption");
  const least = element("span");
  const most = element("span");
  const bar = element("span", { class: "convlib-bar" });
  bar.style.backgroundImage = COUNTS_GRADIENT;
  const hole = element("span", { class: "convlib-hole", "aria-hidden": true });
  const legend = element("div", { class: "convlib-legend" }, hole, WORDS.hole, least, bar, most);
  const figure = element("div", { class: "convlib-pictures convlib-plane" }, element("figure", {}, caption, frame, legend));

  const names = ["field", "coverage", "rule", "counted", "verdict"];
  const told = Object.fromEntries(names.map((name) => [name, element("p", { class: `convlib-${name}` })]));
  const products = element("p", { class: "convlib-caption" }, WORDS.products);
  const words = element("div", { class: "convlib-stack-words" }, ...Object.values(told), products);
  const beside = element("div", { class: "convlib-row" }, figure, words);
  place.append(element("div", { class: "convlib-buttons" }, reset), rowTable.root, beside);

  /** A slider for a layer that is not there would move nothing. */
  function hideUnusedRates(layers) {
    for (const [name, control] of controls) {
      if (!RATES.includes(name)) continue;
      const layout = control.get("layout");
      const display = RATES.indexOf(name) < layers ? null : "none";
      if ((layout.get("display") ?? null) === display) continue;
      layout.set("display", display);
      layout.save_changes();
    }
  }

  return function draw(state, result) {
    const { row, output } = result;
    const largest = largestMagnitude(row.data);
    const size = row.data.length;
    hideUnusedRates(state.layers);
    rowTable.draw(WORDS.row(size), [1, size], (_, column) => {
      const paths = row.data[column];
      return { value: paths, marks: paths ? "heat" : "gap", heat: 0.2 + (0.8 * paths) / largest };
    });
    const mostPaths = largestMagnitude(output.data);
    picture.drawCounts(output, mostPaths);
    write(caption, WORDS.plane(size));
    write(least, number(1));
    write(most, number(mostPaths));
    const { plane, accepts, ...written } = sentences(state, result);
    for (const name of names) write(told[name], written[name]);
    told.rule.dataset.accepts = accepts;
    told.verdict.hidden = !written.verdict;
    frame.setAttribute("aria-label", WORDS.planeAlt(plane, number(mostPaths)));
    const { field, rule, counted, verdict } = written;
    say([`${WORDS.stack(state.dilations)}.`, field, written.coverage, rule, counted, verdict].filter(Boolean).join(" "));
  };
}

const code = (library, { dilations, kernel_size: kernelSize }) =>
  chainProgram(library, { axes: 2, dilations, kernelSize, show: "output[0, 0]" });

/** Why a state from a link cannot be shown: a part that is out of range agrees with no other. */
function unfit({ layers, dilations, ...state }) {
  const rates = RATES.slice(0, Math.max(layers, 0)).map((name) => state[name]);
  const isInRange = RATES.every((name) => state[name] === clamp(state[name], 1, LARGEST_RATE));
  const isWhole = rates.length === layers && isSame(rates, dilations) && isInRange;
  return layers >= 1 && isWhole ? undefined : WORDS.contradiction;
}

export default makeExplorer({
  name: "DilationStack",
  settings: SETTINGS,
  choices: { preset: [...Object.keys(PRESETS), CUSTOM], kernel_size: KERNEL_SIZES },
  // all of them: a state put together from old dilations and a new preset would read as a preset that has moved
  inputs: SETTINGS,
  legal,
  bounds,
  compute,
  code,
  unfit,
  build,
});
