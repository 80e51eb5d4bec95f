// Stands in for sanitize-html: a control's description is text, so its markup is shown, never run.
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export default (text) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
