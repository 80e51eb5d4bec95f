// What is needed for making elements.

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

/** svg("path", { d, class: "x" }) */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Writes text only where it changed, and into the text node that is there: adding a node would make the browser match
 * the page's :has() rules anew, for every cell of a table.
 */
export function write(target, text) {
  const node = target.firstChild ?? target.appendChild(document.createTextNode(""));
  if (node.data !== text) node.data = text;
}
