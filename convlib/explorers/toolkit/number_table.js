// A table of numbers that can be walked with the arrow keys, selected from and edited in place.
import { element, write } from "./dom.js";
import { clamp, upTo } from "./numbers.js";
import { number, parse, TEXT } from "./words.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The same rows with one number changed. */
export const edited = (rows, row, column, value) =>
  rows.map((cells, i) => cells.map((cell, j) => (i === row && j === column ? value : cell)));

/**
 * Gives an element `count` children, those that `kept`, a Map, has from the number `first` on; missing ones are made.
 * The children that stay are not moved, so that the browser need not lay them out again.
 */
export function fit(parent, kept, first, count, make) {
  const wanted = upTo(first + count - 1, first).map((number) => {
    if (!kept.has(number)) kept.set(number, make(number));
    return kept.get(number);
  });
  const isWanted = new Set(wanted);
  for (const child of [...parent.children]) if (!isWanted.has(child)) child.remove();
  const missing = Math.max(wanted.indexOf(parent.firstElementChild), 0); // before those that stay
  parent.prepend(...wanted.slice(0, missing));
  parent.append(...wanted.slice(parent.childElementCount));
  return wanted;
}

export class NumberTable {
  /**
   * onSelect(row, column): a cell was clicked or chosen with Enter or Space.
   * onEdit(row, column, value): a new number was typed.
   * onEscape(): nothing is to be selected. onBadNumber(text): what was typed is no number.
   * where(row, column): how a cell's place is called, if not by its row and column in the table.
   * heads: headings of the columns.
   * Without onSelect and onEdit the table only shows.
   */
  constructor({ onSelect, onEdit, onEscape, onBadNumber, where = TEXT.cell, heads = [] } = {}) {
    Object.assign(this, { onSelect, onEdit, onEscape, onBadNumber, where });
    this.interactive = Boolean(onSelect || onEdit);
    // roles, because the body is laid out as a grid, which takes a browser a third of the time of a table
    this.caption = element("caption");
    this.body = element("tbody", { role: "rowgroup" });
    const role = this.interactive ? "grid" : "table";
    this.table = element("table", { class: "convlib-numbers", role }, this.caption, this.body);
    this.root = element("div", { class: "convlib-table" }, this.table);
    this.rows = new Map(); // by their number, as in `build`
    const headings = heads.map((head) => element("th", { role: "columnheader" }, head));
    this.above = heads.length ? 1 : 0;
    if (this.above) this.rows.set(-1, element("tr", { role: "row" }, ...headings));
    this.cells = []; // those in the table, row by row
    this.shape = [0, 0];
    this.origin = 0;
    this.at = [0, 0]; // the cell that Tab leads to
    if (!this.interactive) {
      const watch = new ResizeObserver(() => this.reachIfWide());
      watch.observe(this.table);
      watch.observe(this.root);
      return;
    }
    this.table.addEventListener("click", (event) => this.clicked(event));
    this.table.addEventListener("keydown", (event) => this.pressed(event));
  }

  /**
   * cellAt(row, column) says how a cell looks: { value, note, label, marks, selected, editable }. `value` is a number,
   * or undefined for an empty cell; `marks` are class names; `label` is added to what a screen reader reads; `heat`,
   * from 0 to 1, colours a cell of a heat map. `origin` is the row and the column that keeps its cells when the table
   * grows on all sides.
   */
  draw(caption, shape, cellAt, origin = 0) {
    write(this.caption, caption);
    if (shape[0] !== this.shape[0] || shape[1] !== this.shape[1] || origin !== this.origin) this.build(shape, origin);
    this.cellAt = cellAt;
    for (let row = 0; row < shape[0]; row++) {
      for (let column = 0; column < shape[1]; column++) this.drawCell(row, column);
    }
    this.setTracks();
  }

  /**
   * The grid's columns, as wide as their longest number and note. Said in advance, because to find it out by laying out
   * every cell takes a browser longer than all else; only headings and a field that is typed in it has to measure.
   */
  setTracks() {
    const columns = this.shape[1];
    const isMeasured = this.above > 0 || this.body.querySelector("input");
    const width = (column) => {
      let [digits, note] = [0, 0];
      for (const row of this.cells) {
        digits = Math.max(digits, row[column].firstChild.length);
        note = Math.max(note, row[column].firstElementChild?.firstChild.length ?? 0);
      }
      return `max(var(--convlib-cell), calc(${digits}ch + 0.8rem), calc(${note} * 0.42rem + 0.3rem))`;
    };
    const tracks = isMeasured ? `repeat(${columns}, max-content)` : upTo(columns - 1, 0).map(width).join(" ");
    if (tracks !== this.tracks) this.body.style.gridTemplateColumns = tracks;
    this.body.classList.toggle("measured", Boolean(isMeasured));
    this.tracks = tracks;
  }

  /** A table that only shows has no cell for the keyboard; where it is too wide for its box, the box is scrolled. */
  reachIfWide() {
    if (this.root.scrollWidth > this.root.clientWidth) {
      this.root.tabIndex = 0;
      this.root.setAttribute("role", "group");
      this.root.setAttribute("aria-label", this.caption.textContent);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) this.root.removeAttribute(name);
    }
  }

  /** Rows and columns are numbered from the origin on. Those that are not needed now are kept for later. */
  build([rows, columns], origin) {
    if (this.interactive && this.cells.length) this.cell(...this.at).tabIndex = -1;
    const moved = this.cells.length ? origin - this.origin : 0;
    this.shape = [rows, columns];
    this.at = this.at.map((index, axis) => clamp(index + moved, 0, this.shape[axis] - 1));
    this.origin = origin;
    const attributes = this.interactive ? { role: "gridcell", tabindex: -1 } : { role: "cell" };
    const makeRow = () => Object.assign(element("tr", { role: "row" }), { kept: new Map() });
    const makeCell = () => element("td", attributes, "");
    const shown = fit(this.body, this.rows, -origin - this.above, rows + this.above, makeRow);
    this.cells = shown.slice(this.above).map((row) => fit(row, row.kept, -origin, columns, makeCell));
    if (this.interactive) this.cell(...this.at).tabIndex = 0;
  }

  cell(row, column) {
    return this.cells[row][column];
  }

  drawCell(row, column) {
    const cell = this.cell(row, column);
    const below = cell.firstElementChild;
    if (below?.tagName === "INPUT") return; // the reader is typing in it
    const { value, note = "", label = "", marks = "", selected, heat } = this.cellAt(row, column);
    const text = value === undefined ? "" : number(value);
    const said = this.interactive ? [text + note, label, this.where(row, column)].filter(Boolean).join(", ") : "";
    const look = [text, note, marks, said, selected, heat].join("\n");
    if (cell.look === look) return; // to ask the document what it shows takes longer
    cell.look = look;
    write(cell, text);
    if (below) write(below, note);
    else if (note) cell.append(element("small", { "aria-hidden": true }, note));
    cell.className = marks;
    if (heat !== undefined) cell.style.setProperty("--convlib-heat", `${Math.round(100 * heat)}%`);
    if (!this.interactive) return;
    cell.ariaLabel = said;
    cell.ariaSelected = Boolean(selected);
  }

  find(target) {
    const cell = target.closest("td");
    return cell && [cell.parentElement.sectionRowIndex - this.above, cell.cellIndex];
  }

  moveTo(row, column) {
    this.cell(...this.at).tabIndex = -1;
    this.at = [row, column];
    this.cell(row, column).tabIndex = 0;
    this.cell(row, column).focus();
  }

  clicked(event) {
    const place = this.find(event.target);
    if (!place || event.target.tagName === "INPUT") return;
    this.moveTo(...place);
    this.choose(...place);
  }

  /** Selects a cell; opens it for editing if it is selected already or cannot be. */
  choose(row, column) {
    const { selected, editable } = this.cellAt(row, column);
    if (editable && (selected || !this.onSelect)) this.edit(row, column);
    else this.onSelect?.(row, column);
  }

  pressed(event) {
    const place = this.find(event.target);
    if (!place || event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) {
      const next = place.map((index, axis) => index + MOVES[event.key][axis]);
      if (next.every((index, axis) => index >= 0 && index < this.shape[axis])) this.moveTo(...next);
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(...place);
    } else if (event.key === "Escape") {
      this.onEscape?.();
    } else if (/^[-−\d.,]$/.test(event.key) && this.cellAt(...place).editable) {
      this.edit(...place, event.key);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Turns a cell into a field; Enter or leaving it keeps what was typed, Escape does not. */
  edit(row, column, typed) {
    const cell = this.cell(row, column);
    const old = number(this.cellAt(row, column).value);
    const parts = [...cell.childNodes];
    const field = element("input", {
      type: "text",
      inputmode: "text", // a decimal keyboard has no minus on some phones
      autocomplete: "off",
      "aria-label": TEXT.editing(this.where(row, column)),
    });
    field.value = typed ?? old;
    cell.replaceChildren(field);
    this.setTracks();
    field.focus();
    if (typed === undefined) field.select();

    let closed = false; // taking the field away leaves it, too
    const close = (keep, goBack) => {
      if (closed) return;
      closed = true;
      const text = field.value;
      cell.replaceChildren(...parts);
      this.drawCell(row, column);
      this.setTracks();
      if (goBack) cell.focus();
      if (!keep || text === old) return;
      const value = parse(text);
      if (Number.isNaN(value)) this.onBadNumber?.(text);
      else this.onEdit(row, column, value);
    };
    field.addEventListener("blur", () => close(true, false));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      close(event.key === "Enter", true);
    });
  }
}
