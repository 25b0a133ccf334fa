// What ECharts is told of a chart.
"use strict";
const ChartOptions = (() => {
  const { make } = Elements;
  const DASHES = ["solid", "dashed", "dotted"]; // as the legend has them
  const LONG = 64; // members of an axis from which on it can be zoomed

  const probe = document.body.appendChild(make("span", { class: "probe", hidden: true }));
  let palette = null; // kept, for each look at a style makes the browser compute it

  const hex = (part) => Number(part).toString(16).padStart(2, "0");
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return `#${getComputedStyle(probe).color.match(/\d+/g).slice(0, 3).map(hex).join("")}`;
  };

  /** Look at the page's colours as they are now: of light, dark, high contrast, or forced by the system. */
  const look = () => {
    const names = ["text", "muted", "line", "surface", "target"];
    palette = {
      ...Object.fromEntries(names.map((name) => [name, colour(name)])),
      series: ["accent", "second", "third", "fourth"].map(colour),
      font: getComputedStyle(document.body).fontFamily,
    };
  };

  const tip = (chart) => (points) => {
    const at = points[0].dataIndex;
    const box = make("div", { class: "tip" }, make("strong", {}, chart.labels[at]));
    chart.series.forEach((series, number) => {
      const swatch = make("i");
      swatch.style.background = palette.series[number % palette.series.length];
      box.append(make("p", {}, swatch, make("span", {}, series.name), make("b", {}, series.shown[at])));
    });
    return box;
  };

  const axes = (chart) => {
    const two = chart.series.some((series) => series.axis === 1);
    return (two ? [0, 1] : [0]).map((number) => {
      const first = chart.series.find((series) => series.axis === number);
      return {
        type: "value",
        max: number === 0 && chart.most > 0 ? chart.most : null,
        name: two && chart.kind !== "bar" ? first.name : "",
        nameTextStyle: { color: palette.muted, align: number ? "right" : "left" },
        axisLabel: { color: palette.muted, formatter: (value) => Formats.short(value, first.format), hideOverlap: true },
        splitLine: { show: number === 0, lineStyle: { color: palette.line } },
        splitNumber: chart.kind === "bar" ? 3 : 4,
      };
    });
  };

  /** Return the lines to hold values against: its target; the whole, where shares go beyond it. */
  const references = (series) => {
    const bound = series.target?.bound;
    if (bound !== undefined) return [[Number(bound), `target ${Formats.shown({ exact: bound }, series.format)}`]];
    const over = series.percent && series.values.some((value) => value > 1);
    return over ? [[1, "100%"]] : [];
  };

  const markLine = (series, across) => {
    const lines = references(series);
    return lines.length ? {
      silent: true, symbol: "none", animation: false,
      lineStyle: { color: palette.target, type: [6, 3], width: 1.5 },
      data: lines.map(([value, name]) => ({
        [across ? "xAxis" : "yAxis"]: value,
        label: { formatter: name, color: palette.text, position: across ? "end" : "insideStartTop" },
      })),
    } : undefined;
  };

  const dimmed = (chart, values) => values.map((value, at) => (chart.aside[at] ? { value, itemStyle: { opacity: 0.3 } } : value));

  const series = (chart) => chart.series.map((one, number) => {
    const colour = palette.series[number % palette.series.length];
    const across = chart.kind === "bar";
    const common = {
      name: one.name, data: dimmed(chart, one.values), color: colour, emphasis: { disabled: true },
      markLine: markLine(one, across), cursor: chart.isPicked ? "pointer" : "default",
    };
    if (chart.kind === "line" || (chart.kind === "column" && one.axis === 1)) {
      return {
        ...common, type: "line", yAxisIndex: one.axis, symbol: "circle", symbolSize: 5,
        showSymbol: chart.labels.length <= 31, showAllSymbol: true,
        lineStyle: { width: 2, type: chart.kind === "line" ? DASHES[number % DASHES.length] : "solid" },
      };
    }
    return {
      ...common, type: "bar", barMaxWidth: across ? 22 : 40,
      ...(across ? { xAxisIndex: one.axis } : { yAxisIndex: one.axis }),
      label: {
        show: across && chart.series.length === 1, position: "right", color: palette.text,
        formatter: (point) => Formats.short(one.values[point.dataIndex], one.format),
      },
    };
  });

  const zoom = (chart, width) => (chart.kind === "bar" || chart.labels.length <= (width < 480 ? LONG / 2 : LONG) ? [] : [{
    type: "slider", height: 20, bottom: 4, brushSelect: false, showDetail: false, borderColor: palette.line,
    fillerColor: "rgba(128, 140, 155, 0.18)", moveHandleSize: 0, handleStyle: { color: palette.surface, borderColor: palette.muted },
    dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
  }]);

  // Months can be dragged over with a pointer that is no finger: that scrolls the page. Of the tool no icon is seen.
  const brush = (chart) => (chart.months && matchMedia("(pointer: fine)").matches ? {
    toolbox: {
      itemSize: 0, left: -50, top: -50, showTitle: false,
      feature: { dataZoom: { yAxisIndex: "none", filterMode: "none", brushStyle: { color: "rgba(128, 140, 155, 0.3)" } } },
    },
  } : {});

  const members = (chart, width) => {
    const across = chart.kind === "bar";
    return {
      type: "category", data: chart.labels, inverse: across, boundaryGap: chart.kind !== "line", triggerEvent: chart.isPicked,
      axisTick: { show: false }, axisLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        color: palette.muted, margin: across ? 8 : 12, hideOverlap: !across, interval: across ? 0 : "auto",
        width: across ? Math.min(180, width / 3) : 110, overflow: "truncate",
      },
    };
  };

  /** Return the options of a chart so wide. paper: drawn to be printed, where nobody zooms. */
  const option = (chart, width, paper) => {
    if (!palette) look();
    const across = chart.kind === "bar";
    const values = axes(chart);
    const zooms = paper ? [] : zoom(chart, width);
    return {
      animation: false,
      textStyle: { fontFamily: palette.font },
      grid: {
        left: 4, right: across ? 56 : 14, bottom: zooms.length ? 34 : 4, top: values[0].name ? 30 : 14,
        outerBoundsMode: "same", outerBoundsContain: "axisLabel",
      },
      tooltip: {
        trigger: "axis", confine: true, axisPointer: { type: chart.kind === "line" ? "line" : "shadow" },
        backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text },
        transitionDuration: 0, formatter: tip(chart),
      },
      dataZoom: zooms,
      ...(paper ? {} : brush(chart)),
      xAxis: across ? values : members(chart, width),
      yAxis: across ? members(chart, width) : values,
      series: series(chart),
    };
  };

  return { option, look };
})();
