// Elements made by hand: texts are set as text, never as HTML.
"use strict";
const Elements = (() => {
  /** Make an element. given: attributes, of which true stands alone and false or null is left out. */
  const make = (name, given = {}, ...content) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...content.filter((each) => each !== null && each !== undefined));
    return made;
  };

  /** Write an element's text, and touch nothing where it is the same. */
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  /** Join words as people do: a, b and c. */
  const listed = (words, last = "and") =>
    words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;

  /** Say something to who hears a page, and to nobody else. */
  const said = (text) => make("span", { class: "said" }, text);

  /** Show a sign to who sees a page, and to nobody else. */
  const sign = (text) => make("span", { "aria-hidden": "true" }, text);

  return { make, write, listed, said, sign };
})();
