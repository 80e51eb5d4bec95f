// What axe-core finds in the theme's own HTML.
addEventListener("DOMContentLoaded", () => {
  const all = (selector, repair) => document.querySelectorAll(selector).forEach(repair);
  // a control's spoken name has to contain what is written on it: where the writing says enough, it is the name
  all(".search-button-field, details.hide summary", (control) => control.removeAttribute("aria-label"));
  all(".theme-switch-button", (button) => {
    button.ariaLabel = "Colour mode: Light, Dark or System Settings";
  });
  // a list has items; the role that docutils gives the entries of a bibliography is deprecated
  all(".citation-list > .citation", (entry) => entry.setAttribute("role", "listitem"));
});

// The theme looks which code can be scrolled, and so has to be reached from the keyboard, some time after the window's
// size has changed. The code's own size may change later, when the sidebar has slid in.
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.tabIndex = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight ? 0 : -1;
  }
});
addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("pre, .cell_output > .output").forEach((box) => scrollers.observe(box));
});

// A formula too wide for the screen scrolls in its own box, so the keyboard has to reach that box.
function reachWideFormulas() {
  document.querySelectorAll('mjx-container[display="true"]').forEach((formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  });
}

addEventListener("load", () => window.MathJax?.startup?.promise.then(reachWideFormulas));
addEventListener("resize", reachWideFormulas);

// Paper is white: print in the light theme, whatever the screen shows.
let onScreen;
addEventListener("beforeprint", () => {
  onScreen = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = onScreen;
});
