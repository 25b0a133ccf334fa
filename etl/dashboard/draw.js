// Makes tabs of the pages, and draws a chart where a table stands. Texts are set as text, never as HTML.
"use strict";
(() => {
  const root = document.documentElement;
  const specs = JSON.parse(document.getElementById("chart_data").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];

  // Charts

  const DASHES = ["solid", "dashed", "dotted"]; // as the legend has them

  const colours = () => {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      text: of("text"), muted: of("muted"), line: of("line"), surface: of("surface"), accent: of("accent"),
      series: ["accent", "second", "third", "fourth"].map(of),
    };
  };

  const short = (value, percent) => {
    const number = percent ? value * 100 : value;
    const size = Math.abs(number);
    const [by, unit] = size >= 1e9 ? [1e9, " bn"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
    const shown = (number / by).toLocaleString("en", { maximumSignificantDigits: by === 1 ? 4 : 3 });
    return shown.replace("-", "−") + unit + (percent ? "%" : "");
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const tip = (spec, palette) => (points) => {
    const at = points[0].dataIndex;
    const box = element("div", undefined, "tip");
    box.append(element("strong", spec.labels[at]));
    spec.series.forEach((series, number) => {
      const line = element("p");
      const swatch = element("i");
      swatch.style.background = palette.series[number % palette.series.length];
      line.append(swatch, element("span", series.name), element("b", series.shown[at]));
      box.append(line);
    });
    return box;
  };

  const axes = (spec, palette) => {
    const two = spec.series.some((series) => series.axis === 1);
    return (two ? [0, 1] : [0]).map((number) => {
      const first = spec.series.find((series) => series.axis === number);
      return {
        type: "value",
        name: two && spec.kind !== "bar" ? first.name : "",
        nameTextStyle: { color: palette.muted, align: number ? "right" : "left" },
        axisLabel: { color: palette.muted, formatter: (value) => short(value, first.percent), hideOverlap: true },
        splitLine: { show: number === 0, lineStyle: { color: palette.line } },
        splitNumber: spec.kind === "bar" ? 3 : 4,
      };
    });
  };

  const series = (spec, palette) => spec.series.map((one, number) => {
    const colour = palette.series[number % palette.series.length];
    const common = { name: one.name, data: one.values, color: colour, emphasis: { disabled: true } };
    if (spec.kind === "line" || (spec.kind === "column" && one.axis === 1)) {
      return {
        ...common, type: "line", yAxisIndex: one.axis, symbol: "circle", symbolSize: 5,
        showSymbol: spec.labels.length <= 31, showAllSymbol: true,
        lineStyle: { width: 2, type: spec.kind === "line" ? DASHES[number % DASHES.length] : "solid" },
      };
    }
    const across = spec.kind === "bar";
    return {
      ...common, type: "bar", barMaxWidth: across ? 22 : 40,
      ...(across ? { xAxisIndex: one.axis } : { yAxisIndex: one.axis }),
      label: {
        show: across && spec.series.length === 1, position: "right", color: palette.text,
        formatter: (point) => short(one.values[point.dataIndex], one.percent),
      },
    };
  });

  const option = (spec, palette, width) => {
    const across = spec.kind === "bar";
    const members = {
      type: "category", data: spec.labels, inverse: across, boundaryGap: spec.kind !== "line",
      axisTick: { show: false }, axisLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        color: palette.muted, margin: across ? 8 : 12, hideOverlap: !across, interval: across ? 0 : "auto",
        width: across ? Math.min(180, width / 3) : 110, overflow: "truncate",
      },
    };
    const values = axes(spec, palette);
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: {
        left: 4, right: across ? 48 : 12, bottom: 4, top: values[0].name ? 30 : 12,
        outerBoundsMode: "same", outerBoundsContain: "axisLabel",
      },
      tooltip: {
        trigger: "axis", confine: true, axisPointer: { type: spec.kind === "line" ? "line" : "shadow" },
        backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text },
        transitionDuration: 0, formatter: tip(spec, palette),
      },
      xAxis: across ? values : members,
      yAxis: across ? members : values,
      series: series(spec, palette),
    };
  };

  const draw = (place) => {
    if (!place.clientWidth) return; // on a page that is not shown
    const spec = specs[place.dataset.chart];
    const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
    chart.resize();
    chart.setOption(option(spec, colours(), place.clientWidth), true);
    chart.getZr().flush();
  };
  const redraw = () => places.forEach(draw);

  places.forEach((place) => {
    const spec = specs[place.dataset.chart];
    if (spec.kind === "bar") place.style.minHeight = `${3 + spec.labels.length * (0.6 + spec.series.length * 1.1)}rem`;
    place.parentElement.querySelector("details").open = false;
  });
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => draw(entry.target)));
  places.forEach((place) => watch.observe(place));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  const print = (on) => {
    root.classList.toggle("printing", on);
    redraw();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  matchMedia("print").addEventListener("change", (event) => print(event.matches));

  // Tabs

  const list = document.getElementById("tab_list");
  const tabs = [...list.children];
  const page = (tab) => document.getElementById(tab.hash.slice(1));

  const select = (tab) => tabs.forEach((other) => {
    const on = other === tab;
    other.setAttribute("aria-selected", on);
    other.tabIndex = on ? 0 : -1;
    page(other).hidden = !on;
  });
  const linked = () => tabs.find((tab) => tab.hash === location.hash) || tabs[0];
  const go = (tab) => {
    if (tab.hash !== location.hash) history.pushState(null, "", tab.hash);
    select(tab);
  };

  if (tabs.length) {
    list.setAttribute("role", "tablist");
    tabs.forEach((tab) => {
      const shown = page(tab);
      tab.id = `tab_${shown.id}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", shown.id);
      shown.setAttribute("role", "tabpanel");
      shown.setAttribute("aria-labelledby", tab.id);
    });
    list.addEventListener("click", (event) => {
      if (!event.target.matches("a") || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(event.target);
    });
    list.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(document.activeElement);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1, " ": at }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const tab = tabs[(to + tabs.length) % tabs.length];
      tab.focus();
      go(tab);
    });
    addEventListener("popstate", () => select(linked()));
    addEventListener("hashchange", () => select(linked()));
    select(linked());
  }
})();
