// Begins: every visual shows what is chosen, at the first sight and at each choice.
"use strict";
(() => {
  const { make, write } = Elements;
  const data = JSON.parse(document.getElementById("_data").textContent);
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 1));

  const visualsOf = (section) => [...section.querySelectorAll("article[data-visual]")];
  const isChart = (spec) => ["line", "column", "bar"].includes(spec.kind);

  /** Fill a chart's table when it is seen, or there is nothing else to do. */
  const fillLater = (article, table, fill) => {
    const details = article.querySelector(".instead");
    article.fill = fill;
    if (details.open) fill();
    else idle(() => { if (article.fill === fill) fill(); });
  };

  /** Say a computed title of what is chosen; where none can be said, or not of this choice, its name stands. */
  const showTitle = (article, spec, page, state) => {
    const { rows } = Answers.ask(spec, "title", page, state);
    const formats = spec.queries.title.measures.map((measure) => data.measures[measure].format);
    const title = (rows.length && Words.sentence(spec.said, rows[0].slice(1), formats)) || spec.title;
    write(article.querySelector("h3"), title);
    article.querySelectorAll("caption").forEach((caption) => write(caption, title));
  };

  /** Show a chart or table, or say why there is none. */
  const showRows = (place, spec, page, state, answer, most = null) => {
    const slicer = Answers.own(spec, page);
    const given = { ...answer, slicer, members: Answers.members(spec, answer), marked: state.chosen[slicer] || null, months: Answers.months(page, answer), most };
    const table = place.querySelector("table");
    place.classList.toggle("blank", !given.rows.length);
    const fill = () => Tables.show(place, table, spec, given);
    if (isChart(spec)) {
      Charts.show(place.querySelector(".chart"), spec, given);
      fillLater(place, table, fill);
    } else fill();
    return given;
  };

  const explain = (article, { rows, reason, note }) =>
    write(article.querySelector(".nothing"), reason || (rows.length ? note : "There are no rows to show."));

  const APART = 5; // how many times as high the highest panel may be for the lowest to be read on its scale

  /** Return the end of a scale up to a value: 1, 2, 2.5, 5 or 10 times a power of ten. */
  const scaleEnd = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 2.5, 5, 10].find((step) => step * power >= value) * power;
  };

  /** Return the rows of a panel that were too many to be asked for each member: nothing of them under a choice. */
  const asWritten = (spec, page, state) => {
    const answer = Answers.ask(spec, "main", page, state);
    const isChosen = page.slicers.some((index) => state.chosen[index]) || (page.months && state.months);
    return isChosen ? { ...answer, rows: [], reason: "Take the choices back to see these charts: they have too many rows to be filtered." } : answer;
  };

  /** Show a small chart for each member that there are rows of: on one scale, unless the lowest could not be read there. */
  const showPanels = (article, spec, page, state) => {
    const slicer = data.slicers.findIndex(({ column }) => column === spec.panels);
    const chosen = page.slicers.includes(slicer) ? state.chosen[slicer] : null;
    const panels = [...article.querySelectorAll(".panel")].map((panel) => {
      const own = data.visuals[panel.dataset.visual], { member } = own;
      if (member === undefined) return { panel, asked: own, answer: asWritten(own, page, state) };
      const answer = Answers.ask(spec, "main", page, state, { [slicer]: [member] });
      return { panel, asked: spec, answer: chosen && !chosen.includes(member) ? { ...answer, rows: [], places: [] } : answer };
    });
    const tops = panels.map(({ answer }) => Math.max(0, ...answer.rows.flatMap((row) => row.slice(1).map(Formats.drawn))));
    const highest = Math.max(...tops), apart = highest > APART * Math.min(...tops.filter((top) => top > 0));
    panels.forEach(({ panel, asked, answer }) => {
      panel.hidden = !answer.rows.length;
      showRows(panel, asked, page, state, answer, apart || !highest ? null : scaleEnd(highest));
    });
    const seen = panels.find(({ answer }) => answer.rows.length) || panels[0];
    const { rows, reason, note } = seen ? seen.answer : { rows: [], reason: "", note: "" };
    explain(article, { rows, reason, note: [note, apart && "Each chart has a scale of its own."].filter(Boolean).join(" ") });
  };

  const showCard = (article, spec, page, state) =>
    Cards.show(article, spec, Answers.ask(spec, "main", page, state), spec.queries?.spark && Answers.ask(spec, "spark", page, state));

  const showVisual = (article, page, state) => {
    const spec = data.visuals[article.dataset.visual];
    if (spec.queries?.title) showTitle(article, spec, page, state);
    if (article.querySelector(".panels")) return showPanels(article, spec, page, state);
    if (spec.kind === "card") return showCard(article, spec, page, state);
    const { spec: level, more, path } = Drill.view(article.dataset.visual, spec, state);
    const answer = Answers.ask(level, "main", page, state, more);
    explain(article, answer);
    Drill.show(article, spec, path, showRows(article, level, page, state, answer));
  };

  /** Show a visual; one that fails says so in its place, and no other one suffers from it. */
  const showOrTell = (article, page, state) => {
    article.querySelector(":scope > .failure")?.remove();
    try {
      showVisual(article, page, state);
      article.classList.remove("failed");
    } catch (error) {
      console.error(error);
      article.classList.add("failed");
      article.append(make("p", { class: "failure", role: "status" }, "This cannot be shown: the page has a fault. The rest of it is not affected."));
    }
  };

  const shown = new Map(); // page → the address that it shows
  const showPage = (state, anchor = state.page) => {
    const section = document.getElementById(anchor);
    const page = State.pageOf(anchor);
    const address = State.address({ ...state, page: anchor });
    Bar.show(section, page, state);
    if (shown.get(anchor) === address) return;
    shown.set(anchor, address);
    visualsOf(section).forEach((article) => showOrTell(article, page, state));
  };

  const begin = () => {
    State.know(data);
    for (const page of data.pages) {
      const section = document.getElementById(page.anchor);
      Bar.build(page.anchor, page, section.querySelector(".filter_bar"));
      section.querySelectorAll(".instead").forEach((details) => {
        details.open = false;
        details.addEventListener("toggle", () => details.closest("[data-visual]").fill?.());
      });
    }
    Tabs.begin();
    State.listen((state) => showPage(state));
    State.begin();
    document.documentElement.classList.add("asked");
    Paper.begin(() => data.pages.forEach(({ anchor }) => showPage(State.current, anchor)));
  };

  const queries = Object.values(data.visuals).flatMap((spec) =>
    [...Object.values(spec.queries || {}), ...(spec.down || []).map(({ query }) => query)]);
  Age.keep(document.querySelector(".as-of time"), document.querySelector(".age"));
  if (data.pages.length) Promise.allSettled(queries.map(cells.open)).then(begin);
})();
