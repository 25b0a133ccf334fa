// The figures of a card, with what stands beside them: why there is none, target, change, small line.
"use strict";
const Cards = (() => {
  const { make, write, listed, said, sign } = Elements;

  const mark = (place, judged) => {
    place.classList.toggle("met", judged !== null && judged.isMet);
    place.classList.toggle("missed", judged !== null && !judged.isMet);
  };

  const showTarget = (place, judged) => {
    mark(place, judged);
    place.replaceChildren(...(judged ? [sign(judged.sign), ` ${judged.text}`] : []));
  };

  const showChange = (place, spec, by, value) => {
    const { name, format } = spec.series[by];
    const changed = Words.changed(value, format);
    const judged = Words.judged(value, spec.targets?.[by], format);
    mark(place, judged);
    const words = changed ? [sign(changed.sign), " ", said(changed.word), ` ${changed.text}`] : [Formats.NOTHING];
    if (changed && judged) words.push(" ", sign(judged.sign), said(`, ${judged.text}`));
    place.replaceChildren(...words, " ", make("span", { class: "of" }, name));
  };

  const showFigure = (figure, spec, { rows, off, reason }, spark) => {
    const position = Number(figure.dataset.place);
    const { name, format } = spec.series[position];
    const slicers = off.get(position);
    const why = slicers ? `not by ${listed(Answers.labels(slicers), "or")}` : reason;
    const values = why ? [] : (rows[0] || []).slice(1);
    const within = (selector, show) => { const place = figure.querySelector(selector); if (place) show(place); };
    figure.classList.toggle("off", why !== "");
    write(figure.querySelector(".value"), Formats.shown(values[position] ?? null, format));
    write(figure.querySelector(".why"), why);
    within(".target", (place) => showTarget(place, Words.judged(values[position] ?? null, spec.targets?.[position], format)));
    within(".change", (place) => showChange(place, spec, spec.change[position], values[spec.change[position]] ?? null));
    within(".spark", (place) => Sparks.show(place, why || spark.off.has(position) ? [] : spark.rows, position, name, spec.queries.spark.by));
  };

  /** Show an answer in the places that the page has for it. spark: the answer of the small lines, if there are any. */
  const show = (article, spec, answer, spark) =>
    article.querySelectorAll(".figures > div").forEach((figure) => showFigure(figure, spec, answer, spark));

  return { show };
})();
