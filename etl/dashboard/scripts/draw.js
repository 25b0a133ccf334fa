// Begins: every visual shows what is chosen, at the first sight and at each choice.
"use strict";
(() => {
  const { write } = Elements;
  const data = JSON.parse(document.getElementById("data").textContent);
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 1));

  const visualsOf = (section) => [...section.querySelectorAll("[data-visual]")];
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

  const showVisual = (article, page, state) => {
    const spec = data.visuals[article.dataset.visual];
    const answer = Answers.ask(spec, "main", page, state);
    if (spec.queries?.title) showTitle(article, spec, page, state);
    if (article.querySelector(".panels")) return undefined;
    if (spec.kind === "card") return Cards.show(article, spec, answer, spec.queries?.spark && Answers.ask(spec, "spark", page, state));
    const slicer = Answers.own(spec, page);
    const members = answer.rows.map((row, at) => Answers.members(spec, [answer.places[at]])[0]);
    const given = { ...answer, slicer, members, marked: state.chosen[slicer] || null };
    article.classList.toggle("blank", !given.rows.length);
    write(article.querySelector(".nothing"), given.reason || (given.rows.length ? "" : "There are no rows to show."));
    const table = article.querySelector("table");
    if (!isChart(spec)) return Tables.show(article, table, spec, given);
    Charts.show(article.querySelector(".chart"), spec, given);
    return fillLater(article, table, () => Tables.show(article, table, spec, given));
  };

  const shown = new Map(); // page → the address that it shows
  const showPage = (state, anchor = state.page) => {
    const section = document.getElementById(anchor);
    const page = data.pages[anchor];
    const address = State.address({ ...state, page: anchor });
    Bar.show(section, page, state);
    if (shown.get(anchor) === address) return;
    shown.set(anchor, address);
    visualsOf(section).forEach((article) => showVisual(article, page, state));
  };

  const begin = () => {
    State.know(data);
    for (const [anchor, page] of Object.entries(data.pages)) {
      const section = document.getElementById(anchor);
      Bar.build(anchor, page, section.querySelector(".filter_bar"));
      visualsOf(section).forEach((article) => {
        const details = article.querySelector(".instead");
        if (details) details.open = false;
        details?.addEventListener("toggle", () => article.fill?.());
      });
    }
    Tabs.begin();
    State.listen((state) => showPage(state));
    State.begin();
    Paper.begin(() => Object.keys(data.pages).forEach((anchor) => showPage(State.current, anchor)));
  };

  const queries = Object.values(data.visuals).flatMap((spec) => Object.values(spec.queries || {}));
  Age.keep(document.querySelector(".as-of time"), document.querySelector(".age"));
  if (Object.keys(data.pages).length) Promise.all(queries.map(cells.open)).then(begin);
})();
