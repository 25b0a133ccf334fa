// What a visual shows of what is chosen: rows, or why it cannot.
"use strict";
const Answers = (() => {
  const { listed } = Elements;
  const main = (spec) => (spec.queries ? spec.queries.main : null);

  /** Return the slicer of a page that a visual's own axis is, or -1. */
  const own = (spec, page) => {
    const chooses = main(spec)?.chooses;
    return chooses && page.slicers.includes(chooses.slicer) ? chooses.slicer : -1;
  };

  /** Return what is chosen on a page; a visual whose axis is a slicer shows all its members, the chosen ones marked. */
  const choices = (page, state, without = -1) => Object.fromEntries(page.slicers
    .filter((index) => index !== without && state.chosen[index])
    .map((index) => [index, state.chosen[index]]));

  const labels = (indexes) => [...new Set(indexes)].map((index) => State.data.slicers[index].label.toLowerCase());

  /** Return by the position of a measure the chosen slicers that do not reach it. */
  const unreached = (query, chosen) => {
    const found = new Map();
    for (const [index, positions] of Object.entries(query.unreached || {})) {
      if (chosen[index]) positions.forEach((position) => found.set(position, [...(found.get(position) || []), Number(index)]));
    }
    return found;
  };

  const chooseOne = (page, chosen, months) => {
    const several = Object.keys(chosen).filter((index) => chosen[index].length > 1);
    return `Choose one ${listed([...labels(several), ...(page.months && months ? ["month"] : [])])}.`;
  };

  /** Answer a query of a visual: rows with the members' labels, and their places among those of the axis. */
  const ask = (spec, name, page, state) => {
    const query = spec.queries && spec.queries[name];
    if (!query) return { rows: spec.rows, places: [], off: new Map(), reason: "" };
    const chosen = choices(page, state, name === "main" ? own(spec, page) : -1);
    const months = page.months ? state.months : null;
    const off = unreached(query, chosen);
    const without = (reason) => ({ rows: [], places: [], off, reason });
    if (off.size === query.measures.length) return without(`Not by ${listed(labels([...off.values()].flat()), "or")}.`);
    const answer = cells.answer(query, chosen, months);
    if (answer.choose) return without(chooseOne(page, chosen, months));
    const rows = answer.rows.map(([place, ...values]) => [place === null ? null : query.labels[place], ...values]);
    return { rows, places: answer.rows.map((row) => row[0]), off, reason: "" };
  };

  /** Return the members of the axis' slicer that rows are of. */
  const members = (spec, places) => {
    const chooses = main(spec)?.chooses;
    return places.map((place) => (chooses ? chooses.members[place] ?? -1 : -1));
  };

  return { ask, own, members, labels };
})();
