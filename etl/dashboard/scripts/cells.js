// Answers a choice from what SQL computed beforehand. Pure functions: what is on the page is drawn elsewhere.
"use strict";
const cells = (() => {
  const ALL = -1;

  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(unzipped).text());
  };

  // A whole number of its last decimal place as decimal text: 1234, 2 → "12.34".
  const decimal = (whole, places) => {
    if (whole === null || places === null || places === 0) return whole;
    const text = String(whole);
    const sign = text.startsWith("-") ? "-" : "";
    const digits = text.slice(sign.length).padStart(places + 1, "0");
    return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
  };

  // Where each context's rows begin, by the context.
  const index = (unpacked) => {
    const found = new Map();
    let from = 0;
    unpacked.rows.forEach((count, at) => {
      found.set(unpacked.contexts.map((codes) => codes[at]).join(), [from, from + count]);
      from += count;
    });
    return found;
  };

  const row = (unpacked, at) => [
    unpacked.axis === null ? null : unpacked.axis[at],
    ...unpacked.values.map(({ places, of }) => decimal(of[at], places)),
  ];

  // Unpacks a query's cells, once. To be awaited before anything is looked up.
  const open = async (query) => {
    if (query.opened) return query;
    const unpacked = await unpack(query.cells);
    query.opened = { ...unpacked, at: index(unpacked) };
    return query;
  };

  // What measures without an axis are where there are no rows: 0 of some counts.
  const nowhere = (query, choice) => query.opened.nowhere.map(({ places, of }, at) => {
    const isDeaf = Object.entries(query.unreached)
      .some(([slicer, deaf]) => query.reach.includes(+slicer) && (choice[slicer] ?? ALL) !== ALL && deaf.includes(at));
    return isDeaf ? null : decimal(of[0], places);
  });

  // choice: by slicer the chosen member, -1 or nothing for all; slicers that do not matter are not looked at.
  // Gives rows: the place of the axis' label (null of a card), then a value for each measure.
  const lookup = (query, choice) => {
    const context = query.reach.map((slicer) => choice[slicer] ?? ALL).join();
    const [from, to] = query.opened.at.get(context) ?? [0, 0];
    if (from === to && query.opened.nowhere) return [[null, ...nowhere(query, choice)]];
    return Array.from({ length: to - from }, (_, place) => row(query.opened, from + place));
  };

  // choices: by slicer the chosen members (none: all), and months: [first, last], their places, or nothing.
  // Gives { rows }, or { choose: "one" } where that many cannot be answered.
  const answer = (query, choices) => {
    const single = {};
    for (const slicer of query.reach) {
      const members = choices[slicer] ?? [];
      if (members.length > 1) return { choose: "one" };
      single[slicer] = members.length ? members[0] : ALL;
    }
    if (choices.months) return { choose: "one" };
    return { rows: lookup(query, single) };
  };

  return { open, lookup, answer, decimal };
})();
if (typeof module !== "undefined") module.exports = cells;
