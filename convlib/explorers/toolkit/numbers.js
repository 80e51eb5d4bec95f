// Small things that arithmetic lacks.

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The whole numbers from `first` to `last`. */
export const upTo = (last, first = 0) => Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
