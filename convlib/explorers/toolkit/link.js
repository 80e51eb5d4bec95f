// A link that restores an explorer's state: the settings that differ from the page's own, in the address's fragment.
//
//   #explorer=SlidingWindow-1&padding=2&kernel=[[0,1],[2,3]]

const OWNER = "explorer";

/** The address of this page with these settings of the explorer called `label`. */
export function linkTo(label, settings, initial) {
  const fields = new URLSearchParams({ [OWNER]: label });
  for (const [name, value] of Object.entries(settings)) {
    const text = JSON.stringify(value);
    if (text !== JSON.stringify(initial[name])) fields.set(name, text);
  }
  const address = new URL(location.href);
  address.hash = fields;
  return address.href;
}

/**
 * The settings that the address holds for the explorer called `label`, undefined if it is not about that one. Throws
 * if they cannot be read. `initial` tells which settings there are and of what kind each is; single numbers are
 * integers, but for those in `reals`.
 */
export function readLink(label, initial, reals) {
  const fields = new URLSearchParams(location.hash.slice(1));
  if (fields.get(OWNER) !== label) return undefined;
  const settings = {};
  for (const [name, text] of fields) {
    if (name === OWNER) continue;
    if (!(name in initial)) throw new Error(`there is no setting “${name}”`);
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error(`“${name}” cannot be read`);
    }
    const isFraction = typeof value === "number" && !Number.isInteger(value) && !reals.includes(name);
    if (isFraction || !sameKind(value, initial[name])) throw new Error(`“${name}” is of the wrong kind`);
    settings[name] = value;
  }
  return settings;
}

/** The shape of nested arrays, as a text that can be compared. */
const shapeOf = (value) => (Array.isArray(value) ? `${value.length} ${shapeOf(value[0])}` : "");

/** Whether two values are both numbers, both texts, or both regular arrays of such, in equally many dimensions. */
function sameKind(value, like) {
  if (Array.isArray(value) && Array.isArray(like)) {
    if (value.length === 0 || like.length === 0) return value.every(Number.isFinite); // a selection, of nothing perhaps
    return value.every((item) => sameKind(item, like[0]) && shapeOf(item) === shapeOf(value[0]));
  }
  return typeof value === typeof like && !Array.isArray(value) && !Array.isArray(like) && value !== null;
}
