// The ipywidgets beside a view: their bounds follow from the state, so that no slider can reach an illegal one.

/** The models of the linked controls, as [setting, model]. */
export const findControls = (model) =>
  Promise.all(
    model.get("controls").map(async ([name, id]) => [name, await model.widget_manager.get_model(id)]),
  );

/** Home and End go to the bounds that a slider has now; noUiSlider itself goes to those that it was made with. */
export function goToEnds(box) {
  const go = (event) => {
    const slider = event.target.closest(".noUi-target")?.noUiSlider;
    const end = { Home: "min", End: "max" }[event.key];
    if (!slider || !end) return;
    event.preventDefault();
    event.stopPropagation();
    slider.set(slider.options.range[end]);
  };
  box.addEventListener("keydown", go, { capture: true });
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
