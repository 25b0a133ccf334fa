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

  const chooseOne = (chosen, months) => {
    const several = Object.keys(chosen).filter((index) => chosen[index].length > 1);
    return `Choose one ${listed([...labels(several), ...(months ? ["month"] : [])])}: these numbers cannot be added up.`;
  };

  /** Say of measures, by their positions, which choices do not reach them. */
  const told = (spec, off) => {
    const indexes = [...off.values()].flat();
    const all = off.size >= spec.series.length;
    const names = [...off.keys()].map((position) => spec.series[position]?.name).filter(Boolean);
    return off.size ? `${all ? "Not" : `${listed(names)}: not`} by ${listed(labels(indexes), "or")}.` : "";
  };

  /** Answer a query of a visual: rows with the members' labels, and their places among those of the axis. more: chosen besides. */
  const ask = (spec, name, page, state, more = {}) => {
    const query = spec.queries && spec.queries[name];
    if (!query) return { rows: spec.rows ?? [], places: [], off: new Map(), reason: "", note: "" };
    const chosen = { ...choices(page, state, name === "main" ? own(spec, page) : -1), ...more };
    const months = page.months ? state.months : null;
    const off = unreached(query, chosen);
    const without = (reason) => ({ rows: [], places: [], off, reason, note: "" });
    if (off.size === query.measures.length) return without(told(spec, off));
    const answer = cells.answer(query, { ...chosen, months: months && months.map((month) => State.data.months.indexOf(month)) });
    if (answer.choose) return without(chooseOne(chosen, months));
    const rows = answer.rows.map(([place, ...values]) => [place === null ? null : query.labels[place], ...values]);
    return { rows, places: answer.rows.map((row) => row[0]), off, reason: "", note: told(spec, off) };
  };

  /** Return by row the member of the axis' slicer that it is of, or -1. */
  const members = (spec, { rows, places }) => {
    const chooses = main(spec)?.chooses;
    return rows.map((row, at) => (chooses ? chooses.members[places[at]] ?? -1 : -1));
  };

  /** Return by row the month that it is of, where a page is chosen by months and every row is of one; else nothing. */
  const months = (page, { rows }) => {
    const of = rows.map(([label]) => /^\d{4}-\d\d(?=$|-\d\d$)/.exec(label)?.[0]);
    return page.months && of.length && of.every((month) => State.data.months.includes(month)) ? of : null;
  };

  return { ask, own, members, months, labels };
})();
