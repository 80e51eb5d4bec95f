// Below every figure: code that computes what it shows, and a link that restores its state.
import { LIBRARIES } from "./code.js";
import { element, write } from "./dom.js";
import { TEXT } from "./words.js";

/**
 * writeCode(library) gives a program; link() an address, or undefined where the state cannot be put into one. Without
 * `link` there is no button for it. report(message) shows a message.
 */
export function makeTools({ writeCode, link, report }) {
  const names = Object.entries(LIBRARIES).map(([value, { title }]) => element("option", { value }, title));
  const library = element("select", { "aria-label": TEXT.whichLibrary, onchange: refresh }, ...names);
  const text = element("code");
  // no <pre>: the book's theme takes those that do not scroll when the page loads, as in a closed box, from the keyboard
  const block = element("div", { class: "convlib-program", tabindex: 0, role: "region", "aria-label": TEXT.code }, text);
  const copy = element("button", { type: "button", onclick: () => toClipboard(text.textContent, TEXT.copied) }, TEXT.copy);
  const row = element("div", { class: "convlib-buttons" }, library, copy);
  const details = element("details", { class: "convlib-code" }, element("summary", {}, TEXT.code), row, block);
  details.addEventListener("toggle", refresh);

  const root = element("div", { class: "convlib-tools" }, details);
  if (link) root.append(element("button", { type: "button", onclick: keepLink }, TEXT.link));

  function refresh() {
    if (details.open) write(text, writeCode(library.value));
  }

  function keepLink() {
    const address = link();
    if (!address) return report(TEXT.noLink);
    history.replaceState(null, "", address);
    return toClipboard(address, TEXT.linked);
  }

  /** Where the clipboard may not be written to, the text is there to be copied by hand. */
  async function toClipboard(copied, message) {
    try {
      await navigator.clipboard.writeText(copied);
      report(message);
    } catch {
      report(TEXT.notCopied);
    }
  }

  return { root, refresh };
}
