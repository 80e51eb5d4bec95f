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

// Code and formulas too wide for the screen scroll in boxes of their own, so the keyboard has to reach those. The theme
// looks for such code some time after the window's size has changed; the code's own size may change later, when the
// sidebar has slid in. The box of a formula only scrolls sideways.
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const isTall = target.localName !== "mjx-container" && target.scrollHeight > target.clientHeight;
    if (isTall || target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const watch = (selector) => document.querySelectorAll(selector).forEach((box) => scrollers.observe(box));
addEventListener("DOMContentLoaded", () => watch("pre, .cell_output > .output"));
addEventListener("load", () => window.MathJax?.startup?.promise.then(() => watch('mjx-container[display="true"]')));

// Paper is white: print in the light theme, whatever the screen shows.
let onScreen;
addEventListener("beforeprint", () => {
  onScreen = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = onScreen;
});
