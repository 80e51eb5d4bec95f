// The ipywidgets beside a view: their bounds follow from the state, so that no slider can reach an illegal one.

/** The models of the linked controls, as [setting, model]. */
export async function findControls(model, signal) {
  const controls = await Promise.all(
    model.get("controls").map(async ([name, id]) => [name, await model.widget_manager.get_model(id)]),
  );
  for (const [, control] of controls) {
    // noUiSlider's End key goes to the maximum it was made with; this event makes ipywidgets build the slider anew
    const rebuild = () => control.trigger("change:orientation", control);
    control.on("change:min change:max", rebuild);
    signal.addEventListener("abort", () => control.off("change:min change:max", rebuild));
  }
  return controls;
}

/**
 * Gives each slider its bounds and its value in one message; Python would cut a value that arrives before its bounds.
 * `bounds` is { setting: [low, high] }.
 */
export function fitControls(controls, bounds, state) {
  for (const [name, control] of controls) {
    if (!bounds[name]) continue;
    const [min, max] = bounds[name];
    const wanted = { min, max, value: state[name] };
    if (Object.keys(wanted).every((key) => control.get(key) === wanted[key])) continue;
    control.set(wanted);
    control.save_changes();
  }
}
