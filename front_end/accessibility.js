// Gives the parts of ipywidgets' controls the names and roles that they lack, so that a screen reader can say what each
// one is: a slider's handle, the number beside it, the buttons of a Play control, a button that is only an icon.

/** Name the parts of one ipywidgets view, now and whenever its model changes what they should say. */
export function nameParts(view) {
  const name = () => {
    nameSlider(view);
    namePlayButtons(view);
    nameIconButton(view);
    // ipywidgets writes the absent tooltip as the word null
    view.el.querySelectorAll?.('[title="null"]').forEach((element) => element.removeAttribute("title"));
  };
  name();
  view.listenTo(view.model, "change:description change:tooltip change:playing change:repeat change:orientation", name);
}

/** What the author calls the control. */
function nameOf(view) {
  return view.model.get("description") || view.model.get("tooltip") || "";
}

function nameSlider(view) {
  if (!view.slider_container) return;
  const handles = view.slider_container.querySelectorAll(".noUi-handle");
  handles.forEach((handle, index) => {
    const end = handles.length > 1 ? [", from", ", to"][index] : "";
    handle.setAttribute("aria-label", `${nameOf(view) || "value"}${end}`);
  });
  view.readout.setAttribute("role", "textbox");
  view.readout.setAttribute("aria-label", `${nameOf(view) || "value"}, as a number`);
}

function namePlayButtons(view) {
  if (!view.playPauseButton) return;
  const of = nameOf(view) && ` ${nameOf(view)}`;
  view.playPauseButton.setAttribute("aria-label", `${view.model.get("playing") ? "Pause" : "Play"}${of}`);
  view.stopButton.setAttribute("aria-label", `Stop${of}`);
  view.repeatButton.setAttribute("aria-label", `Repeat${of}`);
  view.repeatButton.setAttribute("aria-pressed", view.model.get("repeat"));
}

function nameIconButton(view) {
  if (view.el.tagName === "BUTTON" && !view.el.textContent.trim() && nameOf(view)) {
    view.el.setAttribute("aria-label", nameOf(view));
  }
}
