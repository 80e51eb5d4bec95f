// The widgets of a published page: reads the state that was saved with the notebook and draws each view where the
// notebook had it. There is no kernel; controls and views talk through jslink alone.
import * as base from "@jupyter-widgets/base";
import * as controls from "@jupyter-widgets/controls";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import { Widget } from "@lumino/widgets";
import anywidget from "anywidget";
import { nameParts } from "./accessibility.js";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
const MODULES = { "@jupyter-widgets/base": base, "@jupyter-widgets/controls": controls, anywidget };

class PageManager extends ManagerBase {
  isPublished = true;

  // where a label's typesetter is looked for; without one ipywidgets would call MathJax 2
  _rendermime = { latexTypesetter: { typeset } };

  async loadClass(className, moduleName) {
    const found = MODULES[moduleName]?.[className];
    if (!found) throw new Error(`${className} of ${moduleName} is not part of the published pages`);
    return found;
  }

  async _get_comm_info() {
    return {};
  }

  async _create_comm() {
    throw new Error("A published page has no kernel");
  }

  async create_view(model, options) {
    const view = await super.create_view(model, options);
    nameParts(view);
    return view;
  }

  async draw(modelId, place) {
    const view = await this.create_view(await this.get_model(modelId));
    const box = document.createElement("div");
    box.className = "widgets";
    place.replaceWith(box);
    Widget.attach(view.luminoWidget, box);
  }
}

/** Typeset a label that has mathematics in it. */
function typeset(element) {
  if (/\\\(|\$/.test(element.textContent)) {
    window.MathJax?.startup?.promise.then(() => window.MathJax.typesetPromise([element]));
  }
}

async function start() {
  const saved = document.querySelector(STATE);
  if (!saved) return;
  const manager = new PageManager();
  await manager.set_state(JSON.parse(saved.textContent));
  const places = [...document.querySelectorAll(VIEW)];
  await Promise.all(places.map((place) => manager.draw(JSON.parse(place.textContent).model_id, place)));
  document.documentElement.dataset.widgets = "ready";
}

// as soon as the page is parsed: before MathJax, whose turn comes with the deferred scripts
if (document.readyState === "loading") document.addEventListener("readystatechange", start, { once: true });
else start();
