// Drilling down: a visual by the next level of its axis' hierarchy, under one member of each level above.
"use strict";
const Drill = (() => {
  const { make, write } = Elements;
  const TWICE = 500; // milliseconds within which two activations of a member are one
  const drawn = new WeakMap(); // article → { nav, path, level }, level: the one below
  let last = { at: -Infinity };

  const idOf = (article) => article.dataset.visual;

  // What the members of a level are drilled down to; nothing of the last one.
  const next = (spec, path) => spec.down?.[path.length]?.query.by ?? null;

  /** Return a visual as it is drilled down, and what is chosen besides. */
  const view = (id, spec, state) => {
    const path = state.drill[id] || [];
    const below = next(spec, path);
    if (!path.length) return { spec: { ...spec, below }, more: {}, path };
    const { query, under } = spec.down[path.length - 1];
    const more = Object.fromEntries(under.map((slicer, at) => [slicer, [path[at]]]));
    return { spec: { ...spec, below, axis: query.by, queries: { ...spec.queries, main: query } }, more, path };
  };

  // Where the focus was on what is gone, it is on the way further down, or on the way back.
  const keepFocus = (article, had) => {
    const { nav } = drawn.get(article);
    if (!had || (nav.contains(document.activeElement) && document.activeElement.offsetParent)) return;
    (nav.querySelector("form:not([hidden]) button") || [...nav.querySelectorAll("li button")].at(-1))?.focus();
  };

  const move = (article, path, changed = {}, instead = false) => {
    const had = article.contains(document.activeElement);
    State.change({ ...changed, drill: { ...State.current.drill, [idOf(article)]: path } }, instead);
    keepFocus(article, had);
  };

  /** Choose a member at one activation; drill down to it at two, and choose what was chosen before. */
  const activate = (place, slicer, member) => {
    const article = place.closest("article[data-visual]");
    const { path = [], level = null } = drawn.get(article) || {};
    const before = last;
    last = { article, member, at: performance.now(), chosen: State.current.chosen };
    const isQuick = before.article === article && last.at - before.at < TWICE;
    if (isQuick && before.moved) return;
    const isSecond = isQuick && before.member === member;
    if (level !== null && (isSecond || slicer < 0)) {
      last.moved = true;
      move(article, [...path, member], isSecond ? { chosen: before.chosen } : {}, isSecond);
    } else if (slicer >= 0) State.toggle(slicer, member);
  };

  const build = (article) => {
    const nav = make("nav", { class: "drill" }, make("ol"), make("span", { class: "level", role: "status" }),
      make("form", {}, make("select"), make("button", { type: "submit" })));
    nav.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      move(article, [...drawn.get(article).path, Number(nav.querySelector("select").value)]);
    });
    nav.querySelector("ol").addEventListener("click", (event) => {
      const back = event.target.closest("button");
      if (back) move(article, drawn.get(article).path.slice(0, Number(back.value)));
    });
    article.querySelector(":scope > .head").after(nav);
    return nav;
  };

  const named = (spec, path) => path.map((member, at) => State.data.slicers[spec.down[at].under[at]].members[member]);

  /** Show the way back, and the members to go further down to. given: what is shown. */
  const show = (article, spec, path, given) => {
    if (!spec.down?.length) return;
    const nav = drawn.get(article)?.nav || build(article);
    const level = next(spec, path);
    const names = [spec.axis, ...named(spec, path)];
    drawn.set(article, { nav, path, level });
    nav.setAttribute("aria-label", `Levels of ${article.querySelector("h3").textContent}`);
    nav.querySelector("ol").replaceChildren(...names.slice(0, -1).map((name, at) => make("li", {},
      make("button", { type: "button", value: at, "aria-label": `Back to ${name}` }, name))));
    const said = path.length ? `${names.at(-1)}, by ${spec.down[path.length - 1].query.by}` : "";
    write(nav.querySelector(".level"), said);
    const chart = article.querySelector(".chart");
    if (chart) chart.setAttribute("aria-label", `${(chart.dataset.alt ??= chart.getAttribute("aria-label"))} ${said}`.trim());
    showForm(nav.querySelector("form"), level, given);
  };

  const showForm = (form, level, { rows, members, marked }) => {
    const list = form.querySelector("select");
    const chosen = marked?.length === 1 ? marked[0] : Number(list.value || -1);
    const known = members.map((member, at) => [member, rows[at][0]]).filter(([member]) => member >= 0);
    form.hidden = level === null || !known.length;
    if (form.hidden) return;
    list.replaceChildren(...known.map(([member, label]) => make("option", { value: member }, Formats.member(label))));
    list.value = known.some(([member]) => member === chosen) ? chosen : known[0][0];
    list.setAttribute("aria-label", `Whose ${level} to show`);
    write(form.querySelector("button"), `Down to ${level}`);
  };

  return { view, show, activate };
})();
