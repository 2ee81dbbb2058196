"use strict";
// Tables that are sorted by a click on a column's head and filtered by what is typed. Cells may give
// what they are sorted by as data-sort; a dash, or nothing, comes last either way.
(() => {
  const LONG = 12;  // rows from which a table gets a filter of its own
  const order = new Intl.Collator("en", { numeric: true });

  function keyOf(row, column) {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    if (text === "" || text === "–") return null;
    const number = Number(text.replaceAll(",", "").replace(/ %$/, ""));
    return Number.isNaN(number) ? text : number;
  }

  function compare(a, b) {
    return typeof a === "number" && typeof b === "number" ? a - b : order.compare(a, b);
  }

  function sort(table, column, down) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row, column) }));
    const present = keyed.filter(({ key }) => key !== null);
    present.sort((a, b) => (down ? compare(b.key, a.key) : compare(a.key, b.key)));
    const absent = keyed.filter(({ key }) => key === null);
    body.append(...[...present, ...absent].map(({ row }) => row));
  }

  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, column, down);
      });
    });
  }

  function makeFiltered(table, input) {
    const none = document.createElement("p");
    none.className = "note no-match";
    none.setAttribute("role", "status");
    table.after(none);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let left = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        left += !row.hidden;
        // What a row of the overview leads to goes with it.
        const design = row.dataset.label && document.querySelector(`.design[data-label="${CSS.escape(row.dataset.label)}"]`);
        if (design) design.hidden = row.hidden;
      }
      table.tHead.hidden = left === 0;
      none.textContent = left ? "" : `no match: nothing here holds “${input.value.trim()}”`;
    });
  }

  function ownFilter(table) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    label.className = "filter";
    input.type = "search";
    input.placeholder = `all ${table.tBodies[0].rows.length} rows`;
    label.append("Show ", input);
    table.before(label);
    return input;
  }

  for (const table of document.querySelectorAll("table")) {
    makeSortable(table);
    const input = document.querySelector(`[data-filter="${table.id}"]`);
    if (input) makeFiltered(table, input);
    else if (table.tBodies[0].rows.length >= LONG) makeFiltered(table, ownFilter(table));
  }
})();
