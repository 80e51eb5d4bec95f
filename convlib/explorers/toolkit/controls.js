// The ipywidgets beside a view: their bounds follow from the state, so that no slider can reach an illegal one.

/** The models of the linked controls, as [setting, model]. */
export const findControls = (model) =>
  Promise.all(model.get("controls").map(async ([name, id]) => [name, await model.widget_manager.get_model(id)]));

/**
 * Gives each slider its bounds and its value in one message; Python would cut a value that arrives before its bounds.
 * `bounds` is { setting: [low, high] }.
 */
export function fitControls(controls, bounds, state) {
  for (const [name, control] of controls) {
    if (!bounds[name]) continue;
    const [min, max] = bounds[name];
    control.set({ min, max, value: state[name] });
    if (control.hasChanged()) control.save_changes();
  }
}
