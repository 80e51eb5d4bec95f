// Who computes: the page at once, and Python, whose answer takes its place, where a kernel answers.
//
// A message to a kernel and back takes several frames, on a hub far away many; a slider cannot wait for that. A view
// starts in the page and says hello. Only an answer to its own hello makes it ask Python. One question is on its way at
// a time; while it is, the newest state waits and older ones are forgotten. A question that stays unanswered means that
// the kernel is gone or busy: the page goes on alone and says hello again.

const PATIENCE = 1500; // ms to wait for one answer
const PAUSE = 3000; // ms between two hellos, at least

export class Ask {
  /**
   * A question is { state, settings }: the state, and its settings as they are sent to Python.
   * compute(question) gives arrays, in the page; show(question, arrays, "page" | "kernel") draws them; fail(error)
   * reports.
   * `raw` is the widget model itself: only it knows whether its comm is live.
   */
  constructor({ model, raw, signal, compute, show, fail }) {
    Object.assign(this, { model, raw, compute, show, fail });
    this.name = Math.random().toString(36).slice(2);
    this.sequence = 0; // grows with every message, so that a late answer is recognised
    this.lostAt = 0; // answers to messages before this one no longer count
    this.helloAt = -Infinity;
    this.alive = false;
    model.on("msg:custom", (message, buffers) => this.receive(message, buffers));
    model.on("comm_live_update", () => this.raw.comm_live || this.goAlone());
    signal.addEventListener("abort", () => this.endWaiting());
  }

  /** Sees to it that the arrays of this question are shown. */
  request(question) {
    this.latest = question;
    this.computeHere();
    if (!this.alive) this.hello();
    else if (!this.pending) this.send();
  }

  computeHere() {
    this.show(this.latest, this.compute(this.latest), "page");
  }

  hello() {
    if (performance.now() - this.helloAt < PAUSE || this.raw.comm_live === false) return;
    this.helloAt = performance.now();
    this.post({ type: "hello" });
  }

  send() {
    const { settings } = (this.asked = this.latest);
    const binary = Object.keys(settings).filter((name) => ArrayBuffer.isView(settings[name]));
    const buffers = binary.map((name) => settings[name]);
    const plain = Object.fromEntries(Object.entries(settings).filter(([name]) => !binary.includes(name)));
    this.pending = this.post({ type: "ask", settings: plain, binary }, buffers);
    this.timer = setTimeout(() => this.goAlone(), PATIENCE);
  }

  post(content, buffers = []) {
    this.sequence += 1;
    this.model.send({ ...content, from: this.name, sequence: this.sequence }, undefined, buffers);
    return this.sequence;
  }

  receive(message, buffers) {
    if (message.from !== this.name) return; // for another view of the same explorer
    if (message.type === "alive" && message.sequence > this.lostAt) {
      this.alive = true;
      if (!this.pending) this.send();
    } else if (message.sequence === this.pending) {
      this.endWaiting();
      if (this.latest !== this.asked) this.send();
      else if (message.type === "error") this.fail(new Error(message.message));
      else this.show(this.asked, readArrays(message.shapes, buffers), "kernel");
    }
  }

  endWaiting() {
    clearTimeout(this.timer);
    this.pending = undefined;
  }

  /** The kernel died, was restarted or is busy. */
  goAlone() {
    this.endWaiting();
    this.alive = false;
    this.lostAt = this.sequence;
    this.computeHere();
    this.helloAt = -Infinity;
    this.hello();
  }
}

function readArrays(shapes, buffers) {
  const arrays = {};
  Object.entries(shapes).forEach(([name, shape], i) => {
    const { buffer, byteOffset = 0, byteLength } = ArrayBuffer.isView(buffers[i]) ? buffers[i] : new DataView(buffers[i]);
    arrays[name] = { data: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)), shape };
  });
  return arrays;
}
