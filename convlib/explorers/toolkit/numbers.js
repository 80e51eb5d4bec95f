// Small things about numbers and nested arrays of them.
import { TEXT } from "./words.js";

const LARGEST = 9999; // a number that a cell can show

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The whole numbers from `first` to `last`. */
export const upTo = (last, first = 0) => Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);

/** The shape of nested arrays that are regular. */
export const shapeOf = (nested) => (Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : []);

/** Why numbers that a link brings cannot be shown, or undefined. */
export function unfitNumbers(numbers) {
  const tooLarge = numbers.find((value) => !(Math.abs(value) <= LARGEST));
  return tooLarge === undefined ? undefined : TEXT.notANumber(tooLarge);
}

/** Why an array that a link brings cannot be shown, or undefined; `largest` is the most numbers along each axis. */
export function unfitArray(name, nested, largest) {
  const shape = shapeOf(nested);
  const fits = largest.every((most, axis) => shape[axis] >= 1 && shape[axis] <= most);
  return fits ? unfitNumbers(nested.flat(Infinity)) : TEXT.badShape(name, largest);
}
