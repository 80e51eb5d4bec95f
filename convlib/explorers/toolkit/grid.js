// What the explorers of one kernel over one grid of numbers share: what fits, and what a link may bring. Python's twin
// is grid.py. The settings are input, kernel, padding, dilation and step, and perhaps stride and padding_mode.
import { clamp, shapeOf, unfitArray, unfitNumbers, upTo } from "./numbers.js";
import { largestPadding } from "./padding.js";
import { TEXT } from "./words.js";

const LARGEST = { padding: 4, stride: 4, input: [12, 12], kernel: [7, 7] };

/** Rows and columns of the output; below 1 where the window does not fit. */
function outputShape(engine, { input, kernel }, { stride = 1, padding, dilation }) {
  const taps = shapeOf(kernel);
  return shapeOf(input).map((size, axis) => engine.outputSize(size, taps[axis], stride, padding, dilation));
}

const fits = (engine, state, padding, dilation) =>
  outputShape(engine, state, { padding, dilation }).every((size) => size >= 1);

const paddingLimit = ({ input, padding_mode: mode }) => Math.min(largestPadding(shapeOf(input), mode), LARGEST.padding);

/** Index of the last output, counted row by row. */
export function lastOutput(engine, state) {
  const [rows, columns] = outputShape(engine, state, state);
  return rows * columns - 1;
}

/** `legal` and `bounds` of an explorer whose dilation goes up to `largestDilation`. */
export function gridRules(largestDilation) {
  return {
    legal(engine, state) {
      const padding = clamp(state.padding, 0, paddingLimit(state));
      let dilation = clamp(state.dilation, 1, largestDilation);
      while (dilation > 1 && !fits(engine, state, padding, dilation)) dilation -= 1;
      const stride = "stride" in state ? { stride: clamp(state.stride, 1, LARGEST.stride) } : {};
      const next = { ...state, padding, dilation, ...stride };
      return { ...next, step: clamp(state.step, 0, lastOutput(engine, next)) };
    },

    bounds(engine, state) {
      const paddings = upTo(paddingLimit(state)).filter((p) => fits(engine, state, p, state.dilation));
      return {
        padding: [paddings[0], paddings.at(-1)],
        dilation: [1, upTo(largestDilation, 1).findLast((d) => fits(engine, state, state.padding, d))],
        stride: [1, LARGEST.stride],
        step: [0, lastOutput(engine, state)],
      };
    },
  };
}

/** Why the input and kernel that a link brings, and other numbers, cannot be shown. */
export function unfitGrid({ input, kernel }, ...numbers) {
  const wrong = unfitArray("input", input, LARGEST.input) ?? unfitArray("kernel", kernel, LARGEST.kernel);
  const isTooLarge = kernel.length > input.length || kernel[0]?.length > input[0]?.length;
  return wrong ?? unfitNumbers(numbers) ?? (isTooLarge ? TEXT.kernelTooLarge : undefined);
}
