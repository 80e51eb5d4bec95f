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
  badShape: (name, largest) => `${name} must have ${largest.length} axes, of at most ${largest.join(" × ")} numbers`,
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

  channels: {
    input: (c) => `input[${c}]`,
    slice: (o, c) => `weight[${o}, ${c}]`,
    sums: (c) => `sums of channel\u00a0${c}`,
    bias: (o) => `bias[${o}]`,
    map: (o) => `output[${o}]`,
    current: "of the marked window",
    depth: (o, channels, [rows, columns]) =>
      `Kernel ${o} is as deep as the input: ${several(channels, "slice")} of ${rows} × ${columns}, ` +
      "one for each channel. Their sums and one bias are added up: one kernel gives one map.",
    products: (c, products, sum) => `channel ${c}: ${products} = ${sum}`,
    total: (at, sums, bias, value) =>
      `output[${at.join(", ")}] = ${sums.map((sum, c) => `${sum} (channel ${c}) + `).join("")}${bias} (bias) = ${value}`,
    shapes: (weight, input, padding, output) => {
      const [kernels, channels, rows, columns] = weight;
      const counts = `${several(kernels, "kernel")} × ${several(channels, "channel")} × ${rows} × ${columns}`;
      const weights = several(kernels * channels * rows * columns, "weight");
      const padded = padding ? `, padding ${padding}` : "";
      return (
        `weight ${shape(weight)}: ${counts} = ${weights}, and ${kernels} ${kernels === 1 ? "bias" : "biases"}. ` +
        `input ${shape(input)}${padded} → output ${shape(output)}.`
      );
    },
    maps: "The output is the maps of all kernels; every map reads all input channels.",
    hint:
      "Select a number of an input channel, the weight or the bias, or type on it, to change it; " +
      "select a number of a map to see its window and kernel.",
    spoken: (o, step, count, total) => `Kernel ${o}, window ${step} of ${count}. ${total}.`,
    badDepth: (channels, depth) => `a kernel is as deep as its input, which has ${several(channels, "channel")}, not ${depth}`,
    badBias: (kernels, count) => `there is one bias per kernel, so ${kernels}, not ${count}`,
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

  frames: {
    input: ([frames, h, w], p) =>
      `Input: ${several(frames, "frame")} of ${h} × ${w}` + (p ? `, padding ${p} before and after` : ""),
    kernel: ([depth, h, w]) => `Kernel: ${several(depth, "slice")} of ${h} × ${w}`,
    output: ([frames, h, w]) => `Output: ${several(frames, "frame")} of ${h} × ${w}`,
    frame: (index, isAdded, slice) =>
      (isAdded ? "Padding" : `Frame ${index}`) + (slice === undefined ? "" : ` × slice ${slice}`),
    slice: (i) => `Slice ${i}`,
    outputFrame: (index) => `Output ${index}`,
    asChannels: (channels) => `Conv2d, ${several(channels, "channel")}`,
    current: "of the marked window",
    term: (value, index, isAdded) => `${value} (${isAdded ? "padding" : `frame ${index}`})`,
    sum: (at, terms, value) => `output[${at.join(", ")}] = ${terms.join(" + ")} = ${value}`,
    depth: (sizes) => `Along depth: D_out = ⌊(D + 2p − k) / s⌋ + 1 = ${TEXT.ledger.formula(sizes)}.`,
    spans: (frames, difference) =>
      `The kernel spans all of the depth: Conv2d with the ${several(frames, "frame")} as channels gives the same ` +
      `numbers. Both were computed; the largest difference is ${difference}.`,
    toSpan: (settings) =>
      `Set ${settings.map(([name, , value]) => `${name} to ${value}`).join(" and ")}: ` +
      "the kernel then spans all of the depth and does what Conv2d does over channels.",
    wouldSpan: (frames) =>
      `A kernel that spans all ${several(frames, "frame")}, without padding, does what Conv2d does over channels.`,
    hint: "Select a number of a frame or the kernel, or type on it, to change it; select an output to see its window.",
    spoken: (step, count, total, output, told) => `Window ${step} of ${count}. ${total}. ${output}. ${told}`,
    badDepth: (frames, slices) =>
      `slices must hold one slice of the kernel for each frame, so ${frames}, not ${slices}`,
  },

  pooling: {
    input: (h, w, p, shift) => TEXT.input(h, w, p) + (shift ? `, shifted by ${shift}` : ""),
    before: "Output before the shift",
    output: "Output after the shift",
    added: "padding, −∞",
    winner: "the largest",
    cameIn: "came in on the left",
    change: (by) => `(${by > 0 ? "+" : ""}${number(by)})`,
    isChanged: "changed by the shift",
    current: "of the marked window",
    position: (step, count) => `Window ${step} of ${count}.`,
    kept: (pool, values) =>
      pool === "max"
        ? `max(${values.map((value) => (value === -Infinity ? "−∞" : number(value))).join(", ")})`
        : `(${values.map(factor).join(" + ")}) / ${values.length}`,
    notShifted: "The input is not shifted, so both outputs are the same.",
    changed: (shift, inputs, outputs) => {
      const count = ({ all, changed, largest }, name) =>
        `${changed} of ${all} ${name} changed` + (changed ? `, by at most ${largest}` : "");
      return `Shifted by ${shift}: ${count(inputs, "inputs")}; ${count(outputs, "outputs")}.`;
    },
    regroups: (stride, { all, changed }) => {
      const start = `The shift is no multiple of the stride ${stride}: each window groups other numbers`;
      if (changed === 0) return `${start}, yet every output stays.`;
      if (changed === all) return `${start}, and no output stays.`;
      return `${start}. Some outputs stay, some change: tolerance, not invariance.`;
    },
    moves: (by, unmoved, columns) => {
      const start = `The shift is ${by} × the stride`;
      const why = "the shift wraps around, pooling does not";
      if (unmoved.length === columns) return `${start}, but ${why}: no column of the output has simply moved.`;
      const moved = `${start}: the output is the one before the shift, moved by ${by} ${by === 1 ? "column" : "columns"}`;
      if (unmoved.length === 0) return `${moved}, exactly.`;
      return `${moved}, except in ${unmoved.length === 1 ? "column" : "columns"} ${unmoved.join(", ")}: ${why}.`;
    },
    rule: ({ pool, kernel_size: k, stride, padding }, inputs, outputs) => {
      const isMax = pool === "max";
      const kept = isMax
        ? `Max pooling has no weights: it keeps the largest value of each ${k} × ${k} window, sign included (−1 beats −9).`
        : `Average pooling has no weights to learn: it divides the sum of each ${k} × ${k} window by ${k * k}.`;
      const padded = isMax ? "Padding is −∞, so it is never the largest." : "The zeros of the padding count.";
      const spacing =
        stride === k
          ? `The stride ${stride} is the kernel size, as by default.`
          : `The stride ${stride} is not the kernel size ${k}: ${stride < k ? "windows overlap" : "windows lie apart"}.`;
      const fewer = `: ${percent(inputs - outputs, inputs)} % ${isMax && stride >= k ? "are discarded" : "fewer"}`;
      const counts = `${inputs} numbers in, ${outputs} out${outputs < inputs ? fewer : ""}.`;
      return [kept, padding && padded, spacing, counts].filter(Boolean).join(" ");
    },
    hint: (shift) =>
      (shift ? "Underlined numbers left on the right and came in on the left. " : "") +
      "Select a number of the input, or type on it, to change it; select an output to see its window.",
  },

  groups: {
    inputAxis: "input channel",
    outputAxis: "output channel",
    span: (first, last) => (first === last ? String(first) : `${first}–${last}`),
    blocks: (count, { in_channels: cIn, out_channels: cOut, groups }) =>
      `Weights: ${several(count, "group")} of ${several(cOut / groups, "kernel")}; ` +
      `each kernel reads ${groups === 1 ? "all" : `${cIn / groups} of`} ${cIn} channels`,
    legend: "Filled: weights. Empty: none. Framed: the output channel looked at; a click chooses one.",
    matrixAlt: ({ in_channels: cIn, out_channels: cOut, groups }, blocks, reads) =>
      `Matrix of ${cOut} output channels by ${cIn} input channels. ${blocks}` +
      `${groups === 1 ? "; it fills the matrix" : ", on the diagonal; the rest is empty"}. ${reads}`,
    reads: ({ in_channels: cIn, out_channels: cOut, groups, channel }, [first, last]) => {
      if (groups === 1) return `Output channel ${channel} reads all ${cIn} input channels.`;
      const read = first === last ? `input channel ${first}` : `input channels ${first} to ${last}`;
      const group = Math.floor(channel / (cOut / groups));
      const others = cIn - (last - first + 1);
      return `Output channel ${channel} is in group ${group}: it reads ${read} and none of the other ${others}.`;
    },
    products: (name, read, { in_channels: cIn, groups, kernel_size: k }) =>
      `Each of its numbers, such as ${name}, is a sum of ${read}×${k}×${k} = ${read * k * k} products` +
      `${groups === 1 ? "" : ` instead of ${cIn}×${k}×${k} = ${cIn * k * k}`}, plus the bias.`,
    mixing: ({ in_channels: cIn, out_channels: cOut, groups }) => {
      if (groups === 1) return "Every output channel mixes all input channels.";
      const kernels = `${several(cOut / cIn, "kernel")} for each input channel`;
      const depthwise = groups === cIn ? `groups = C_in makes a depthwise convolution: ${kernels}. ` : "";
      return (
        `${depthwise}Nothing passes between groups here; ` +
        "a 1×1 convolution or a shuffle of the channels mixes them again."
      );
    },
    rule: ({ in_channels: cIn, out_channels: cOut }, divisors) =>
      `groups must divide both C_in = ${cIn} and C_out = ${cOut}: ` +
      `${divisors.length === 1 ? "only 1 does" : divisors.join(", ")}.`,
    costs: "What the layer costs",
    heads: (groups) => ["", `groups = ${groups}`, "groups = 1", "ratio"],
    rows: (now, dense) => [
      ["weight shape", `(${now.shape.join(", ")})`, `(${dense.shape.join(", ")})`, ""],
      ...["weights", "biases", "parameters", "macs"].map((name) => [
        name === "macs" ? "multiply-adds" : name,
        whole(now[name]),
        whole(dense[name]),
        ratio(now[name], dense[name]),
      ]),
    ],
    measure: "Measure here",
    measuring: "Measuring…",
    times: "Measured here",
    timeHeads: ["groups", "time in ms", "ratio of times", "ratio of multiply-adds"],
    timeRow: ({ groups, isDepthwise, time, ofTime, ofMacs }) => [
      `${groups}${isDepthwise ? ", depthwise" : ""}`,
      rounded(time, 3),
      rounded(ofTime, 2),
      groups === 1 ? "1" : `1/${groups} = ${rounded(ofMacs, 2)}`,
    ],
    compares: ({ groups, ofTime }) => `groups = ${groups}: ${groups} times fewer multiply-adds, ${faster(1 / ofTime)}.`,
    measured:
      "Median of 5 rounds in turns, on this machine, in this browser, in one thread. " +
      "Another run gives somewhat other times.",
    badInput: "input must be a stack of equal planes of numbers",
    spoken: (block, reads, mixing, now, dense) =>
      `${block}. ${reads} ${mixing} ${whole(now.parameters)} parameters, with one group ${whole(dense.parameters)}.`,
  },

  learn: {
    target: "Kernel to be found",
    learned: (step) => `Learned, after step ${step}`,
    gradient: "Gradient",
    off: (distance) => `${distance} off`,
    told: (step, steps, made, loss, largest) =>
      `Step ${step} of ${steps}${made < step ? `, but training was stopped after step ${made}` : ""}: ` +
      `loss ${short(loss)}; the largest error of a weight is ${short(largest)}.`,
    next: (row, column, now, rate, gradient, next) =>
      `Next step: weight[${row}, ${column}] = ${number(now)} − ${rate} × ${factor(gradient)} = ${number(next)}`,
    end: "The training ends here.",
    input: "Input",
    wanted: "Output wanted",
    made: "Output now",
    error: "Now − wanted",
    map: (name, [h, w], [low, high]) => `${name}, ${h} × ${w}, from ${low} to ${high}`,
    correlation: (n) =>
      `The gradient is 2/${n} times the correlation of input and error: for each weight, the sum over all ${n} outputs ` +
      "of the error times the input that this weight read.",
    curve: "Loss, the mean squared error, at each step (logarithmic)",
    curveAlt: (first, final, step) => `Loss on a logarithmic axis: ${short(first)} at first, ${short(final)} after step ${step}.`,
    power,
    stopped: "stopped above",
    found: "converged below",
    hint: "Select a weight of the kernel to be found, or type on it, to change it.",
    nothing: "Nothing to learn: zeros already give the output that is wanted.",
    converges: (rate, step) =>
      `Rate ${rate} converges: from step ${step} on, the loss is less than a ten-thousandth of the first one.`,
    isOnItsWay: (rate, steps, share) =>
      `Rate ${rate} is still on its way: after ${steps} steps, ${short(100 * share)} % of the first loss is left.`,
    diverges: (rate, step) =>
      `Rate ${rate} diverges: the steps overshoot farther and farther, and after step ${step} the loss is more than ` +
      "100 times the first one.",
    tooSmall: (least) => `input must have at least ${least} rows and columns`,
    outside: "input must lie from −1 to 1",
  },

  ledger: {
    title: "The output's size, term by term",
    heads: ["Step", "Here", "Result"],
    terms: ({ n, k, s, p, d, hasDilation, padded, room, size, unread }) => [
      ["n + 2p: the padded input", `${n} + 2·${p}`, `${padded}`],
      hasDilation
        ? ["− d (k − 1) − 1: how far the window moves", `${padded} − ${d}·(${k} − 1) − 1`, `${room}`]
        : ["− k: how far the window moves", `${padded} − ${k}`, `${room}`],
      ["/ s: in strides", `${room} / ${s}`, unread ? `${size - 1} + ${unread}/${s}` : `${size - 1}`],
      ["⌊ ⌋: in whole strides", unread ? `⌊${size - 1} + ${unread}/${s}⌋` : `⌊${size - 1}⌋`, `${size - 1}`],
      ["+ 1: the first window", `${size - 1} + 1`, `${size}`],
    ],
    formula: ({ n, k, s, p, d, hasDilation, size }) =>
      `⌊(${n} + 2·${p} − ${hasDilation ? `${d}·(${k} − 1) − 1` : k}) / ${s}⌋ + 1 = ${size}`,
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
    spoken: ({ size }, told, same) =>
      `Output size ${size}. ${told}${same ? ` TensorFlow's same adds ${same[0]} before, ${same[1]} after.` : ""}`,
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

  receptiveField: {
    input: "input",
    layer: (index) => `layer ${index}`,
    paths: "paths",
    heads: ["layer", "k", "s", "d", "jump", "adds", "field"],
    fields: ["layer", "kernel_size", "stride", "dilation", "jump before it", "what it adds", "field after it"],
    layers: "The layers, from the input on",
    where: (index, field) => `${field} of layer ${index}`,
    hint:
      "Select a kernel size k, stride s or dilation d, or type on it, to change it. The jump is the product of the " +
      "strides of all earlier layers, so a layer's own stride counts from the next layer on. A pool counts as a " +
      "convolution of its size.",
    add: "Add a layer",
    remove: "Remove the last",
    sees: ({ depth, unit, first, size, seen, strides, jump }) => {
      if (depth === 0) return `Before the first layer, position ${unit} sees only itself.`;
      const where = size === 1 ? `position, ${first}` : `positions, ${first} … ${first + size - 1}`;
      const missed = size - seen;
      const holes = missed ? `; ${missed === 1 ? "the other is a hole" : `the ${missed} others are holes`}` : "";
      const product = strides.length > 1 ? `${strides.join("·")} = ${jump}` : jump;
      return (
        `Unit ${unit} of layer ${depth} sees ${seen}${holes && ` of ${size}`} ${where}${holes}. ` +
        `The next unit's field lies ${product} further: the jump.`
      );
    },
    growth: (layers, size) => {
      const terms = layers.map(([k, d, jump]) => `(${k} − 1)·${d}·${jump}`);
      return `Size of the field, 1 + Σ (k − 1)·d·jump: ${["1", ...terms].join(" + ")} = ${size}`;
    },
    counted: (kernels, paths, most) => {
      const all = kernels.length > 1 ? `${kernels.join("·")} = ${paths}` : String(paths);
      if (paths === 1) return "One path leads there.";
      return most === 1
        ? `${all} paths lead there, one to each position that is seen.`
        : `${all} paths lead there: one to each end of the field, ${most} to the most used position.`;
    },
    row: (first, size) =>
      size === 1 ? `Paths to position ${first}` : `Paths to positions ${first} … ${first + size - 1}`,
    plane: (size) => `In two dimensions, ${size} × ${size} positions`,
    unseen: "0, not seen",
    planeAlt: (first, size, most) =>
      `Heat map of the paths to each position: rows and columns ${first} to ${first + size - 1} are seen; ` +
      `at most ${most} paths.`,
    products: "A count in two dimensions is the product of its row's and its column's count.",
    cone: (layers, positions, sees) =>
      `${layers} ${layers === 1 ? "layer" : "layers"} over ${positions} positions of input. ${sees}`,
    badCount: (most) => `a stack has from 1 to ${most} layers`,
    badLayer: "a layer is a kernel_size, a stride and a dilation",
    outOfRange: (where, most, value) => `${where} must be a whole number from 1 to ${most}, not ${number(value)}`,
    tooWide: (size, most) => `a unit would see ${size} positions, and at most ${most} can be drawn`,
    refused: (problem) => `The stack stays as it is: ${problem}.`,
  },
};

const cells = (count, where = "") => [count, count === 1 ? "cell" : "cells", where, count === 1 ? "is" : "are"].filter(Boolean).join(" ");

const several = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

const shape = (sizes) => `(${sizes.join(", ")})`;

const whole = (count) => count.toLocaleString("en");

/** “1/4” where the part fits so many times, four digits where not. */
const ratio = (part, all) => (all % part ? number(part / all) : part === all ? "1" : `1/${all / part}`);

const rounded = (x, digits) => number(Number(x.toPrecision(digits)));

const faster = (times) => (times >= 1 ? `${rounded(times, 2)} times faster` : `${rounded(1 / times, 2)} times slower`);

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

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A power of ten: “10⁻⁴”. */
function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("");
  return exponent === 0 ? "1" : `10${exponent < 0 ? "⁻" : ""}${exponent === 1 ? "" : digits}`;
}

/** Two digits; tiny numbers as “2.3·10⁻⁷”. */
function short(x) {
  const [digits, exponent] = x.toExponential(1).split("e").map(Number);
  return x > 0 && exponent < -3 ? `${digits}·${power(exponent)}` : number(Number(x.toPrecision(2)));
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
