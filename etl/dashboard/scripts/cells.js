// Answers a choice from what SQL computed beforehand. Pure functions: what is on the page is drawn elsewhere.
"use strict";
const cells = (() => {
  const ALL = -1;

  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(unzipped).text());
  };

  // A whole number of its last decimal place by its digits: 1234, 2 → { exact: "12.34" }. Without places: as it is,
  // which tells texts, that may look like numbers, from numbers.
  const decimal = (whole, places) => {
    if (whole === null || places === null || (places === 0 && typeof whole === "number")) return whole;
    const text = String(whole);
    const sign = text.startsWith("-") ? "-" : "";
    const digits = text.slice(sign.length).padStart(places + 1, "0");
    return { exact: places ? `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}` : text };
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

  // Fractions [n, d] of BigInts, d > 0; texts and nothing are themselves. The rules of a formula are those of SQL:
  // a division by nothing or by 0 and a product with nothing are nothing; in a sum nothing counts as 0.
  const ZERO = [0n, 1n];
  const OPERATIONS = {
    "+": ([a, b], [c, d]) => [a * d + c * b, b * d],
    "-": ([a, b], [c, d]) => [a * d - c * b, b * d],
    "*": ([a, b], [c, d]) => [a * c, b * d],
    "/": ([a, b], [c, d]) => (c < 0n ? [-a * d, -c * b] : [a * d, c * b]),
  };
  const evaluate = (tree, part) => {
    const [sign, first, second] = tree;
    if (sign === "part") return part(first, second);
    if (sign === "number") {
      const [whole, behind = ""] = first.split(".");
      return [BigInt(whole + behind), 10n ** BigInt(behind.length)];
    }
    const left = evaluate(first, part);
    if (tree.length === 2) return left && [-left[0], left[1]];
    const right = evaluate(second, part);
    if (sign === "/" && (!right || right[0] === 0n)) return null;
    if (sign === "+" || sign === "-") return left || right ? OPERATIONS[sign](left || ZERO, right || ZERO) : null;
    return left && right && OPERATIONS[sign](left, right);
  };

  // Half up, away from 0, as formats are written everywhere; without places it is a part, as exact as it is.
  const rounded = (value, places) => {
    if (value === null || typeof value === "string") return value;
    const [n, d] = value;
    const to = places ?? String(d).length - 1; // a part's d is 1 and so many zeros
    const size = (2n * (n < 0n ? -n : n) * 10n ** BigInt(to) + d) / (2n * d);
    const whole = n < 0n ? -size : size;
    return decimal(whole <= Number.MAX_SAFE_INTEGER && whole >= Number.MIN_SAFE_INTEGER ? Number(whole) : `${whole}`, to);
  };

  // The greatest or latest first; nothing last.
  const ranked = (one, other) => {
    if (one === null || other === null) return (one === null) - (other === null);
    if (typeof one === "string") return one < other ? 1 : one > other ? -1 : 0;
    const difference = other[0] * one[1] - one[0] * other[1];
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  };

  const MERGED = {
    sum: (sum, value) => sum + value,
    min: (least, value) => (value < least ? value : least),
    max: (greatest, value) => (value > greatest ? value : greatest),
    distinct: (members, value) => members.add(value),
  };

  // Puts the chosen parts of a table together: by the axis' member, one value for each column.
  const together = (query, table, choices) => {
    const chosen = table.slicers.map((slicer) => choices[query.reach[slicer]] ?? []).map((of) => of.length && new Set(of));
    const [first, last] = (table.month && choices.months) || [-Infinity, Infinity];
    const found = new Map();
    for (let at = 0; at < table.rows; at += 1) {
      const isIn = chosen.every((members, place) => !members || members.has(table.keys[place][at]));
      const month = table.month ? table.month[at] : 0;
      if (!isIn || (choices.months && table.month && (month === null || month < first || month > last))) continue;
      const member = table.axis ? table.axis[at] : null;
      if (!found.has(member)) found.set(member, table.of.map(() => null));
      const values = found.get(member);
      table.of.forEach(({ kind, places, of }, column) => {
        if (of[at] === null) return;
        const value = kind === "distinct" || places === null ? of[at] : BigInt(of[at]);
        if (values[column] === null) values[column] = kind === "distinct" ? new Set([value]) : value;
        else values[column] = MERGED[kind](values[column], value);
      });
    }
    return found;
  };

  const fraction = (value, { kind, places }) => {
    if (value === null || value === undefined) return null;
    if (kind === "distinct") return [BigInt(value.size), 1n];
    return places === null ? value : [value, 10n ** BigInt(places)];
  };

  const byParts = (query, choices) => {
    const { tables, trees, deaf, unranked, top, order, along, descending, places } = query.opened.parts;
    const found = tables.map((table) => together(query, table, choices));
    const silent = new Set(choices.months ? deaf : []);
    query.reach.forEach((slicer, at) => {
      if (!(choices[slicer] ?? []).length) return;
      (query.unreached[slicer] ?? []).forEach((place) => silent.add(place));
      if (unranked.includes(at)) silent.add(trees.length - 1); // what ranks is nothing then, as in SQL
    });
    const members = order ? new Set(tables.flatMap((table, at) => (table.axis ? [...found[at].keys()] : []))) : [null];
    let rows = [...members].map((member) => {
      const part = (at, column) =>
        fraction(found[at].get(tables[at].axis ? member : null)?.[column], tables[at].of[column]);
      const values = trees.map((tree, place) => (silent.has(place) ? null : evaluate(tree, part)));
      return { member, rank: values.pop(), values };
    });
    if (order) {
      rows = rows.filter(({ values }) => values.some((value) => value !== null));
      rows.sort((one, other) => ranked(one.rank, other.rank) || order[one.member] - order[other.member]);
      rows = rows.slice(0, top ?? rows.length);
    }
    if (along) {
      rows = rows.filter(({ member }) => along[member] !== null);
      rows.sort((one, other) => (descending ? -1 : 1) * (along[one.member] - along[other.member]));
    }
    return rows.map(({ member, values }) => [member, ...values.map((value, place) => rounded(value, places[place]))]);
  };

  // choices: by slicer the chosen members (none: all), and months: [first, last], their places, or nothing.
  // Gives { rows }, or { choose: "one" } where that many cannot be answered.
  const answer = (query, choices) => {
    const single = {};
    let isSingle = !choices.months;
    for (const slicer of query.reach) {
      const members = choices[slicer] ?? [];
      single[slicer] = members.length === 1 ? members[0] : ALL;
      if (members.length > 1) isSingle = false;
    }
    if (isSingle) return { rows: lookup(query, single) };
    return query.opened.parts ? { rows: byParts(query, choices) } : { choose: "one" };
  };

  return { open, lookup, answer, byParts, decimal };
})();
if (typeof module !== "undefined") module.exports = cells;
