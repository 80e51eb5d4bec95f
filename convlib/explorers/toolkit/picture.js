// Pictures on a canvas: grey levels, or signed maps in two colours with zero in the middle.
import { element } from "./dom.js";

/** A canvas that shows arrays of shape (H, W). */
export class Picture {
  constructor() {
    this.canvas = element("canvas", { "aria-hidden": true });
  }

  /** Grey from 0, black, to 255, white; what lies outside is clipped. Returns how many pixels were. */
  drawGrey({ data, shape }) {
    const pixels = this.begin(shape);
    let clipped = 0;
    for (let i = 0; i < data.length; i++) {
      const level = Math.min(Math.max(Math.round(data[i]), 0), 255);
      if (data[i] < -0.5 || data[i] >= 255.5) clipped += 1;
      pixels[i] = rgb(level, level, level);
    }
    this.end();
    return clipped;
  }

  /** Blue for negative, white for zero, red for positive; the same length of scale on both sides. */
  drawSigned({ data, shape }, largest) {
    const pixels = this.begin(shape);
    const scale = largest > 0 ? MIDDLE / largest : 0;
    for (let i = 0; i < data.length; i++) pixels[i] = DIVERGING[Math.round(MIDDLE + data[i] * scale)];
    this.end();
  }

  /** White for 0, and from light to dark blue for the counts from 1 to the largest. */
  drawCounts({ data, shape }, largest) {
    const pixels = this.begin(shape);
    for (let i = 0; i < data.length; i++) {
      const place = largest > 1 ? (data[i] - 1) / (largest - 1) : 0;
      pixels[i] = data[i] === 0 ? rgb(255, 255, 255) : rgb(...mixed(FEW, MANY, place));
    }
    this.end();
  }

  begin([height, width]) {
    const { canvas } = this;
    if (canvas.height !== height || canvas.width !== width || !this.image) {
      canvas.height = height;
      canvas.width = width;
      this.context = canvas.getContext("2d");
      this.image = this.context.createImageData(width, height);
    }
    return new Uint32Array(this.image.data.buffer);
  }

  end() {
    this.context.putImageData(this.image, 0, 0);
  }
}

export const largestMagnitude = (data) => {
  let largest = 0;
  let smallest = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] > largest) largest = data[i];
    else if (data[i] < smallest) smallest = data[i];
  }
  return Math.max(largest, -smallest);
};

// canvas memory is red, green, blue, opacity; every machine with a browser is little-endian
const rgb = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

// The colours of the still figures, from deep blue over white to deep red: told apart with any kind of colour blindness,
// and equally dark at both ends. They change fastest near zero, where most values of a photograph's map lie. Each stop:
// its place from 0 to 1, colour.
const STOPS = [
  [0, [5, 48, 97]],
  [0.32, [67, 147, 195]],
  [0.44, [178, 213, 233]],
  [0.5, [255, 255, 255]],
  [0.56, [250, 199, 176]],
  [0.68, [214, 96, 77]],
  [1, [103, 0, 31]],
];
const MIDDLE = 255;

const mixed = (from, to, share) => from.map((level, i) => Math.round(level + share * (to[i] - level)));

function colourAt(place) {
  const right = Math.max(STOPS.findIndex(([stop]) => stop >= place), 1);
  const [[from, left], [to, other]] = [STOPS[right - 1], STOPS[right]];
  const share = (place - from) / (to - from);
  return mixed(left, other, share);
}

const DIVERGING = Uint32Array.from({ length: 2 * MIDDLE + 1 }, (_, i) => rgb(...colourAt(i / (2 * MIDDLE))));

/** The same scale for a style sheet. */
export const DIVERGING_GRADIENT = `linear-gradient(to right, ${STOPS.map(([at, colour]) => `rgb(${colour}) ${100 * at}%`)})`;

// The colours of counts: one hue that gets darker, so that nobody needs to tell hues apart. A count of 1 is already far
// from the white of 0.
const FEW = [158, 202, 240];
const MANY = [8, 38, 92];
export const COUNTS_GRADIENT = `linear-gradient(to right, rgb(${FEW}), rgb(${MANY}))`;

const SIZE = 256; // pixels a side of an uploaded picture
const LARGEST_FILE = 30e6; // bytes

export class PictureTooBig extends Error {
  megabytes = LARGEST_FILE / 1e6;
}

/** Whole grey levels of a picture file, cropped to its middle square and scaled: { data: Uint8Array, shape }. */
export async function readPicture(file) {
  if (file.size > LARGEST_FILE) throw new PictureTooBig();
  const bitmap = await createImageBitmap(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, SIZE, SIZE);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIZE, SIZE);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  // ITU-R BT.601, as in convlib.pictures
  const grey = (_, i) => Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]);
  return { data: Uint8Array.from({ length: SIZE * SIZE }, grey), shape: [SIZE, SIZE] };
}
