// The front end that all explorers share: the frame around a figure, its state, and when it is drawn.
import { Ask } from "./ask.js";
import { findControls, fitControls, goToEnds } from "./controls.js";
import { element, write } from "./dom.js";
import { loadEngine } from "./engine.js";
import { linkTo, readLink } from "./link.js";
import { makeTools } from "./tools.js";
import { makeSpeaker, TEXT } from "./words.js";

/**
 * An anywidget module from the parts of one explorer:
 *
 *   name      of the explorer
 *   settings  names of the synced traits that make the state
 *   choices   { setting: names }, for the settings that are sent as an index
 *   inputs    the settings that `compute` reads; another one that changes is only drawn
 *   complete  (state, { model, shared }) → the state with what its settings refer to; optional
 *   legal     (engine, state) → the nearest state that can be shown
 *   bounds    (engine, state) → { setting: [low, high] } for the sliders
 *   compute   (engine, state) → { name: array }, the twin of the Python class's compute
 *   code      (library, state) → a program whose `output` is the array that is shown, see code.js
 *   unfit     (state) → why a state that a link brings cannot be shown, or undefined; optional
 *   link      (state) → whether a link can hold it; optional
 *   reals     the settings whose number need not be whole; optional
 *   build     (figure) → draw(state, arrays); `figure` is what is returned by makeFigure below
 */
export function makeExplorer(parts) {
  return {
    async render({ model, el, signal, shared }) {
      const [engine, raw, controls] = await Promise.all([
        loadEngine(shared.engine, shared.relaxed),
        model.widget_manager.get_model(model.get("own_id")),
        findControls(model),
      ]);
      const figure = makeFigure({ ...parts, model, engine, raw, controls, signal, shared });
      el.append(figure.root);
      figure.start();
      requestAnimationFrame(() => {
        const box = el.closest(".convlib-explorer-box") ?? el;
        keepKeys(box);
        goToEnds(box);
      });
    },
  };
}

/** JupyterLab takes arrows, digits and letters for its own commands, unless the focused element itself forbids it. */
function keepKeys(box) {
  box.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", true));
}

function makeFigure({ name, settings, choices, inputs, complete, legal, bounds, compute, build, ...parts }) {
  const { code, unfit = () => undefined, link = () => true, reals = [], ...context } = parts;
  const { model, engine, raw, controls, signal } = context;
  const place = element("div", { class: "convlib-figure" });
  const alert = element("p", { class: "convlib-alert", role: "alert" });
  const status = element("p", { class: "convlib-status" });
  const spoken = element("p", { class: "convlib-spoken", "aria-live": "polite" });
  const root = element("section", { class: "convlib-explorer", "data-explorer": name, "aria-label": name });
  root.dataset.updates = 0;

  const decode = (values) => ({
    ...values,
    ...Object.fromEntries(Object.entries(choices).map(([key, names]) => [key, names[values[key]]])),
  });
  const encode = (key, value) => (choices[key] ? choices[key].indexOf(value) : value);
  const sent = () => Object.fromEntries(settings.map((key) => [key, model.get(key)]));
  const settle = (state) => legal(engine, complete ? complete(state, context) : state);
  const state = () => settle(decode(sent()));

  /** Changes settings from within the view; what follows from them is changed with them. */
  function change(changes) {
    const next = settle({ ...decode(sent()), ...changes });
    fitControls(controls, bounds(engine, next), next);
    const different = settings.filter((key) => model.get(key) !== encode(key, next[key]));
    model.set(Object.fromEntries(different.map((key) => [key, encode(key, next[key])])));
    if (different.length) model.save_changes();
  }

  /** Shows a message, an error or nothing. */
  const report = (message = "") => write(alert, message);

  function guard(action) {
    try {
      action();
    } catch (error) {
      fail(error);
      throw error;
    }
  }
  const fail = (error) => report(TEXT.failed(error.message));

  let shown; // { inputs, arrays } of the last arrays, whoever computed them
  function show({ state: of }, arrays, who) {
    shown = { inputs: Object.fromEntries(inputs.map((key) => [key, of[key]])), arrays };
    root.dataset.computedBy = who;
    if (!ask.alive || who === "kernel") write(status, TEXT.computedBy[who]); // not for the moment until Python answers
    report();
    redraw();
  }

  function redraw() {
    const drawn = legal(engine, { ...state(), ...shown.inputs });
    draw(drawn, shown.arrays);
    root.explorer = { state: drawn, result: shown.arrays, isWaiting: () => ask.pending !== undefined };
    tools.refresh();
    root.dataset.updates = Number(root.dataset.updates) + 1;
  }

  const ask = new Ask({ model, raw, signal, show, fail, compute: ({ state: of }) => compute(engine, of) });
  let asked = {};
  function refresh() {
    change({});
    const now = state();
    if (inputs.some((key) => asked[key] !== now[key])) {
      asked = now;
      ask.request({ state: now, settings: sent() });
    } else {
      redraw();
    }
  }

  // At once, not when the links are done: the question is then sent before the new values of control and view, and
  // Python answers it before it deals with those.
  model.on("change", () => guard(refresh));

  const reset = element("button", { type: "button", onclick: () => change(decode(model.get("initial"))) }, TEXT.reset);
  const say = makeSpeaker(spoken, signal);
  const draw = build({ ...context, place, reset, change, report, say });

  // what a link can hold: not the bytes of a picture
  const linked = settings.filter((key) => !ArrayBuffer.isView(model.get("initial")[key]));
  const linkable = (values) => Object.fromEntries(linked.map((key) => [key, values[key]]));
  const initial = linkable(decode(model.get("initial")));
  const label = model.get("label");
  root.dataset.label = label;
  const tools = makeTools({
    writeCode: (library) => code(library, root.explorer.state),
    link: raw.widget_manager.isPublished && (() => link(state()) && linkTo(label, linkable(decode(sent())), initial)),
    report,
  });
  root.append(place, alert, tools.root, status, spoken);

  /** Goes to the state that the address holds, if it holds one of this explorer and it can be shown. */
  function restore() {
    try {
      const settings = readLink(label, initial, reals);
      if (!settings) return;
      const wrong = Object.keys(choices).find((key) => key in settings && !choices[key].includes(settings[key]));
      const problem = wrong ? `“${wrong}” is none of ${choices[wrong].join(", ")}` : unfit({ ...initial, ...settings });
      if (problem) throw new Error(problem);
      change({ ...initial, ...settings });
      root.scrollIntoView({ block: "nearest" });
    } catch (error) {
      report(TEXT.badLink(error.message));
    }
  }
  if (raw.widget_manager.isPublished) window.addEventListener("hashchange", restore, { signal });

  function start() {
    guard(refresh);
    if (raw.widget_manager.isPublished) restore();
  }
  return { root, start };
}
