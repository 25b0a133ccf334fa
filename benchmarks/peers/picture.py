"""Draw the bars: reads the figures as JSON, writes the picture whose path is given."""

import json
import sys

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

told = json.load(sys.stdin)
panels = [panel for panel in told["panels"] if panel["ways"]]
heights = [len(panel["ways"]) + 1.2 for panel in panels]
figure, axes = plt.subplots(
    len(panels), 2, figsize=(11, 0.42 * sum(heights) + 0.6), height_ratios=heights, squeeze=False, layout="constrained"
)
for panel, row in zip(panels, axes, strict=True):
    names = [way["name"] for way in panel["ways"]]
    colours = ["#1f6f8b" if name.startswith("ours") else "#b9c4c9" for name in names]
    for axis, figure_name, unit, form in ((row[0], "wall", "s", "{:,.2f}"), (row[1], "peak", "MB", "{:,.0f}")):
        values = [way[figure_name] for way in panel["ways"]]
        drawn = axis.barh(names, values, height=0.7, color=colours)
        axis.bar_label(drawn, [f" {form.format(value)} {unit}" for value in values], fontsize=9)
        axis.set_xlim(0, max(values) * 1.25)
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.set_xticks([])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    row[0].set_title(panel["title"], fontsize=10, loc="left")  # over both: the right one has none
    row[1].set_yticks([])
figure.suptitle(f"{told['title']}\nwall time, and memory of all processes together", fontsize=12)
figure.savefig(sys.argv[1], dpi=110)
