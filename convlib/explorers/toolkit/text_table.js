// A table of words and numbers that only shows.
import { element, write } from "./dom.js";

/** The first row and the first column are headings. */
export class TextTable {
  constructor(caption) {
    this.head = element("tr");
    this.body = element("tbody");
    const table = element("table", { class: "convlib-ledger" }, element("caption", {}, caption));
    table.append(element("thead", {}, this.head), this.body);
    this.root = element("div", { class: "convlib-table" }, table);
    this.cells = [];
  }

  draw(heads, rows) {
    if (this.heads?.length !== heads.length || this.cells.length !== rows.length) this.build(heads, rows);
    heads.forEach((text, i) => write(this.heads[i], text));
    rows.forEach((row, i) => row.forEach((text, j) => write(this.cells[i][j], text)));
  }

  build(heads, rows) {
    this.heads = heads.map((text) => element(text ? "th" : "td", text ? { scope: "col" } : {}));
    this.cells = rows.map((row) => row.map((_, i) => element(i ? "td" : "th", i ? {} : { scope: "row" })));
    this.head.replaceChildren(...this.heads);
    this.body.replaceChildren(...this.cells.map((row) => element("tr", {}, ...row)));
  }
}
