// Small lines, as beside.py draws them: from edge to edge, with a gap where there is no number.
"use strict";
const Sparks = (() => {
  const [WIDTH, HEIGHT, EDGE] = [100, 24, 2]; // in units of its own

  /** Return numbers as the path of an SVG; a number between two gaps is a dot. */
  const line = (values) => {
    const there = values.filter((value) => value !== null);
    if (!there.length) return "";
    const low = Math.min(...there);
    const span = Math.max(...there) - low || 1;
    const step = WIDTH / Math.max(values.length - 1, 1);
    let pen = "M";
    return values.map((value, at) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${(at * step).toFixed(1)} ${(HEIGHT - EDGE - ((value - low) / span) * (HEIGHT - 2 * EDGE)).toFixed(1)}`;
      const part = pen === "M" ? `M${point}L${point}` : `L${point}`;
      pen = "L";
      return part;
    }).join("");
  };

  const MADE = "http://www.w3.org/2000/svg";

  /** Show the line of a measure in its place. */
  const show = (place, rows, position, name, axis) => {
    if (!rows.length) return place.replaceChildren();
    const path = document.createElementNS(MADE, "path");
    path.setAttribute("d", line(rows.map((row) => Formats.drawn(row[position + 1]))));
    const drawing = document.createElementNS(MADE, "svg");
    const said = `${name} by ${axis}, ${Formats.member(rows[0][0])} to ${Formats.member(rows.at(-1)[0])}`;
    const given = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": said };
    Object.entries(given).forEach(([key, value]) => drawing.setAttribute(key, value));
    drawing.append(path);
    return place.replaceChildren(drawing);
  };

  return { show, line };
})();
