// Paper: all pages with what is chosen, charts drawn as wide as they are there before it is printed.
"use strict";
const Paper = (() => {
  /** Prepare for printing. showAll: shows every page. */
  const begin = (showAll) => {
    const print = (on) => {
      document.documentElement.classList.toggle("printing", on);
      if (on) showAll();
      Charts.redraw();
    };
    addEventListener("beforeprint", () => print(true));
    addEventListener("afterprint", () => print(false));
    matchMedia("print").addEventListener("change", (event) => print(event.matches));
  };

  return { begin };
})();
