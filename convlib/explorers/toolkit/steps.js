// The buttons that go through the values of an explorer's `step` one by one.
import { element } from "./dom.js";
import { TEXT } from "./words.js";

/** `buttons`, and show(step, last), which says where they are; change(changes) changes the state. */
export function makeStepButtons(change) {
  let at;
  const makeButton = (text, by) =>
    element("button", { type: "button", onclick: () => at === undefined || change({ step: at + by }) }, text);
  const back = makeButton(TEXT.back, -1);
  const next = makeButton(TEXT.next, 1);
  return {
    buttons: [back, next],
    show(step, last) {
      at = step;
      back.setAttribute("aria-disabled", step === 0);
      next.setAttribute("aria-disabled", step === last);
    },
  };
}
