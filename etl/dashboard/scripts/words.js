// The words beside numbers, as words.py has them: computed titles, changes, targets. All judge a number as it is shown.
"use strict";
const Words = (() => {
  const HOLDS = {
    ">=": (order) => order >= 0, "<=": (order) => order <= 0, ">": (order) => order > 0, "<": (order) => order < 0,
    "=": (order) => order === 0,
  };

  const holds = (operator, value, bound, format) => {
    const order = Formats.compared(value, bound, format);
    return order !== null && HOLDS[operator](order);
  };

  const known = (value) => value !== null && value !== undefined;

  /** Return the first sentence that can be said; nothing where none can be. */
  const sentence = (said, values, formats) => {
    const found = (said || []).find(({ when, text }) =>
      [...when.map(([place]) => place), ...text.map(([, place]) => place).filter(known)].every((place) => known(values[place]))
      && when.every(([place, operator, bound]) => holds(operator, values[place], bound, formats[place])));
    if (!found) return null;
    return found.text.map(([text, place]) => text + (known(place) ? Formats.shown(values[place], formats[place]) : "")).join("");
  };

  /** Return the words of a change; nothing where it is not known. */
  const changed = (value, format) => {
    const order = Formats.compared(value, "0", format);
    if (order === null) return null;
    const text = Formats.shown(value, format);
    if (order === 0) return { sign: "=", word: "unchanged", text: text.replace(/^\+/, "") };
    return order > 0 ? { sign: "▲", word: "up", text: `+${text.replace(/^\+/, "")}` } : { sign: "▼", word: "down", text };
  };

  /** Return whether a number meets its target; nothing where there is none of the two. */
  const judged = (value, target, format) => {
    if (!target || Formats.compared(value, "0", format) === null) return null;
    const isMet = holds(target.operator, value, target.bound, format);
    return { isMet, sign: isMet ? "✓" : "✗", text: isMet ? target.met : target.missed };
  };

  return { sentence, changed, judged };
})();
