// Draws charts where tables stand, one after the other, once the numbers are painted: no chart keeps the reader waiting.
"use strict";
const Charts = (() => {
  const root = document.documentElement;
  const shown = new Map(); // place → what is drawn there
  const waiting = new Set();
  let isDue = false;
  let pressed = null; // the place that a drag began in

  const made = (spec, { rows, members, slicer, marked, months, most }) => {
    const formats = [...new Set(spec.series.map((series) => series.format))];
    return {
      kind: spec.kind, slicer, members, months: spec.kind === "bar" ? null : months, most, isPicked: slicer >= 0 || Boolean(spec.below),
      aside: members.map((member) => marked !== null && !marked.includes(member)),
      labels: rows.map((row) => Formats.member(row[0])),
      series: spec.series.map((series, place) => ({
        ...series,
        target: spec.targets?.[place],
        percent: Formats.isPercent(series.format),
        axis: Math.min(formats.indexOf(series.format), 1),
        values: rows.map((row) => Formats.drawn(row[place + 1])),
        shown: rows.map((row) => Formats.shown(row[place + 1], series.format)),
      })),
    };
  };

  const picks = (place) => (event) => {
    const chart = shown.get(place);
    const at = event.componentType === "series" ? event.dataIndex : chart.labels.indexOf(event.value);
    if (chart.members[at] >= 0) Drill.activate(place, chart.slicer, chart.members[at]);
  };

  // What is dragged over is chosen, and not zoomed: the chart is drawn again also where nothing changes. ECharts may tell
  // of one drag twice: of the chart that was dragged over, and of the one that is drawn after it.
  const drags = (place) => ({ batch }) => {
    const range = batch?.find(({ dataZoomId }) => dataZoomId?.includes("toolbox-dataZoom"));
    const { months } = shown.get(place);
    if (!range || !months || pressed !== place) return;
    pressed = null;
    drawLater(place);
    State.pickMonths([months[range.startValue], months[range.endValue]]);
  };

  const instance = (place) => {
    const there = echarts.getInstanceByDom(place);
    if (there) return there;
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.on("click", picks(place));
    chart.on("datazoom", drags(place));
    place.addEventListener("pointerdown", () => { pressed = place; });
    return chart;
  };

  const draw = (place) => {
    const chart = shown.get(place);
    if (!chart || !place.clientWidth) return; // on a page that is not shown
    const drawing = instance(place);
    if (drawing.getWidth() !== place.clientWidth || drawing.getHeight() !== place.clientHeight) drawing.resize();
    const option = ChartOptions.option(chart, place.clientWidth, root.classList.contains("printing"));
    drawing.setOption(option, true);
    if (option.toolbox) drawing.dispatchAction({ type: "takeGlobalCursor", key: "dataZoomSelect", dataZoomSelectActive: true });
    drawing.group = `${place.closest(".page").id} ${chart.labels.join("|")}`; // who have an axis in common share the pointer
    echarts.connect(drawing.group);
    drawing.getZr().flush();
  };

  const inView = (place) => {
    const box = place.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };

  // After the frame that is about to be painted.
  const afterPaint = (work) => requestAnimationFrame(() => setTimeout(work));

  const next = () => {
    isDue = false;
    const place = [...waiting].find(inView) || [...waiting][0];
    if (!place) return;
    waiting.delete(place);
    draw(place);
    if (waiting.size) later();
  };

  const later = () => {
    if (!isDue) afterPaint(next);
    isDue = true;
  };

  const drawLater = (place) => {
    waiting.add(place);
    later();
  };

  const resized = new ResizeObserver((entries) => entries.forEach((entry) => drawLater(entry.target)));

  /** Show rows in a chart's place. */
  const show = (place, spec, given) => {
    if (!shown.has(place)) resized.observe(place);
    shown.set(place, made(spec, given));
    if (spec.kind === "bar") place.style.minHeight = `${3 + given.rows.length * (0.6 + spec.series.length * 1.1)}rem`;
    drawLater(place);
  };

  /** Draw all charts at once. */
  const redraw = () => {
    ChartOptions.look();
    [...shown.keys()].forEach(draw);
  };

  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", redraw);
  }

  return { show, redraw };
})();
