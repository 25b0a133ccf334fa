// The figures of a card.
"use strict";
const Cards = (() => {
  const { write, listed } = Elements;

  /** Show an answer in the places that the page has for it. */
  const show = (article, spec, { rows, off, reason }) => {
    const values = rows[0] || [];
    article.querySelectorAll(".figures > div").forEach((figure, position) => {
      const series = spec.series[position];
      const slicers = off.get(position);
      const why = slicers ? `not by ${listed(Answers.labels(slicers), "or")}` : reason;
      figure.classList.toggle("off", why !== "");
      write(figure.querySelector(".value"), why ? Formats.NOTHING : Formats.shown(values[position + 1] ?? null, series.format));
      write(figure.querySelector(".why"), why);
    });
  };

  return { show };
})();
