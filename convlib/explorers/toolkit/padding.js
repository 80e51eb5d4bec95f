// What several explorers ask about padding: how much a mode allows, and where what it adds comes from.
import { array } from "./engine.js";

/** The most elements per side that a mode can add to a plane of these sizes; Infinity where it has no limit. */
export function largestPadding(shape, mode) {
  const shortest = Math.min(...shape);
  return { reflect: shortest - 1, circular: shortest }[mode] ?? Infinity;
}

/**
 * Which cell of the input each padded cell holds: a function of (row, column), both counted in the padded plane, that
 * returns [row, column] of the input, or undefined for an added zero.
 */
export function sources(engine, [rows, columns], padding, mode) {
  const counted = Array.from({ length: rows * columns }, (_, i) => i + 1); // from 1: 0 is what was added
  const padded = engine.pad(array(counted, [rows, columns]), padding, mode);
  return (row, column) => {
    const index = padded.data[row * padded.shape[1] + column] - 1;
    return index < 0 ? undefined : [Math.floor(index / columns), index % columns];
  };
}
