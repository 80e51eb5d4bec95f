// The few helpers for making elements.

/** element("button", { class: "x", onclick }, child, "text") */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Writes text only where it changed, so that nothing is laid out anew for nothing. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
