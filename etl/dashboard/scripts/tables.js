// Tables: filled anew at each choice, sorted by a click on a heading, searched, and saved as CSV.
"use strict";
const Tables = (() => {
  const { make, write, said, sign } = Elements;
  /** Return a text as it is searched: in one case, without accents. */
  const searched = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toUpperCase();
  const SEARCHED = 10; // rows above which a search is offered
  const states = new WeakMap(); // table → { spec, rows, sort: [place, falling] | null, wanted }

  const compare = (place, falling) => (one, other) => {
    const [a, b] = [one[place], other[place]];
    if (a === b) return 0;
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    const numbers = Formats.isNumber(a) && Formats.isNumber(b);
    const order = numbers ? Formats.drawn(a) - Formats.drawn(b) : String(a).localeCompare(String(b), "en", { numeric: true });
    return falling ? -order : order;
  };

  const seen = ({ rows, sort, wanted }) => {
    const found = wanted ? rows.filter((row) => searched(Formats.member(row[0])).includes(wanted)) : rows;
    return sort ? [...found].sort(compare(...sort)) : found;
  };

  const headed = (row, state) => {
    const text = Formats.member(row[0]);
    const member = state.members.get(row);
    const { slicer, marked, spec: { below } } = state;
    if (member < 0 || (slicer < 0 && !below)) return make("th", { scope: "row" }, text);
    const on = marked !== null && marked.includes(member);
    return make("th", { scope: "row" }, make("button", {
      type: "button", class: "pick", "data-member": member, "aria-pressed": slicer < 0 ? null : String(on),
      title: below ? `${slicer < 0 ? "Down" : "Twice: down"} to ${below}` : null,
    }, text));
  };

  const cell = (value, place, { spec, off }, className) => {
    const { name, format } = spec.series[place];
    const judged = off.has(place) ? null : Words.judged(value, spec.targets?.[place], format);
    const mark = judged && make("span", { class: judged.isMet ? "met" : "missed" }, sign(judged.sign), said(judged.text));
    return make("td", { class: className, "data-name": name }, off.has(place) ? Formats.NOTHING : Formats.shown(value, format), mark && " ", mark);
  };

  const line = (row, state, classes) => {
    const aside = state.marked !== null && !state.marked.includes(state.members.get(row));
    const cells = state.spec.series.map((series, place) => cell(row[place + 1], place, state, classes[place]));
    return make("tr", { class: aside ? "aside" : null }, headed(row, state), ...cells);
  };

  const fill = (table) => {
    const state = states.get(table);
    const classes = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.className);
    const focused = table.contains(document.activeElement) && document.activeElement.dataset.member;
    table.tBodies[0].replaceChildren(...seen(state).map((row) => line(row, state, classes)));
    if (focused) table.querySelector(`[data-member="${focused}"]`)?.focus();
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      const sorted = state.sort && state.sort[0] === place ? (state.sort[1] ? "descending" : "ascending") : null;
      if (sorted) cell.setAttribute("aria-sort", sorted);
      else cell.removeAttribute("aria-sort");
    });
  };

  const sortBy = (table, place) => {
    const state = states.get(table);
    const [before, falling] = state.sort || [];
    const first = place > 0; // numbers begin with the greatest, names with A
    if (before !== place) state.sort = [place, first];
    else state.sort = falling === first ? [place, !first] : null;
    fill(table);
  };

  const named = (first) => (Formats.isNumber(first) ? first : Formats.member(first)); // a number stays one

  const csv = (article, table) => {
    const { spec } = states.get(table);
    const rows = seen(states.get(table));
    Csv.save(article.closest("article").querySelector("h3").textContent.slice(0, 80).replace(/[\\/:*?"<>|]+/g, " ").trim() || "table",
      [[spec.axis, ...spec.series.map((series) => series.name)], ...rows.map(([first, ...values]) => [named(first), ...values])]);
  };

  const tools = (article, table) => {
    const search = make("input", { type: "search", placeholder: "Search", "aria-label": `Search ${table.caption.textContent}` });
    search.addEventListener("input", () => {
      states.get(table).wanted = searched(search.value.trim());
      fill(table);
    });
    const save = make("button", { type: "button", class: "csv" }, "CSV");
    save.setAttribute("aria-label", `Save as CSV: ${table.caption.textContent}`);
    save.addEventListener("click", () => csv(article, table));
    return make("div", { class: "tools" }, search, save);
  };

  /** Give a table its tools, once. */
  const begin = (article, table) => {
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      const button = make("button", { type: "button", class: "sort" }, ...cell.childNodes);
      cell.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, place));
    });
    table.tBodies[0].addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const pick = row && row.querySelector(".pick");
      if (pick && !String(getSelection())) Drill.activate(table, states.get(table).slicer, Number(pick.dataset.member));
    });
    More.watch(table.closest(".scroll"));
    const head = article.querySelector(":scope > .head");
    if (head && !table.closest("details")) head.append(tools(article, table));
    else table.closest(".scroll").before(tools(article, table));
  };

  /** Show rows. off: positions of measures without an answer; slicer: of the axis, or -1, of which rows are members. */
  const show = (article, table, spec, { rows, members, off, slicer, marked }) => {
    if (!states.has(table)) begin(article, table);
    const known = new Map(rows.map((row, place) => [row, members[place]]));
    const before = states.get(table);
    const search = article.querySelector(".tools input");
    if (before && before.spec.axis !== spec.axis) search.value = before.wanted = ""; // it was of another level
    states.set(table, { sort: null, wanted: "", ...before, spec, rows, members: known, off, slicer, marked });
    write(table.tHead.querySelector(".sort"), spec.axis);
    search.hidden = rows.length <= SEARCHED;
    fill(table);
  };

  return { show };
})();
