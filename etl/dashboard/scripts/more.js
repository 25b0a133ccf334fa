// Says of a table's box what it does not show: by a shadow at its edge, and by a button that shows all rows.
"use strict";
const More = (() => {
  const { make, write } = Elements;
  const boxes = new Map(); // box → its button

  const hidden = (box) => [...box.querySelectorAll("tbody tr")].filter((row) => row.offsetTop + row.offsetHeight > box.clientHeight + 1).length;

  const shade = (box) => {
    box.classList.toggle("below", box.scrollTop + box.clientHeight < box.scrollHeight - 1);
    box.classList.toggle("beside", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  };

  const show = (box) => {
    if (!box.clientHeight) return; // it is not seen
    const button = boxes.get(box);
    const isWhole = box.classList.contains("whole");
    const count = isWhole ? 0 : hidden(box);
    button.hidden = !isWhole && !count;
    button.setAttribute("aria-expanded", isWhole);
    write(button, isWhole ? "Fewer rows" : `… ${count} more row${count === 1 ? "" : "s"}`);
    shade(box);
  };

  const resized = new ResizeObserver((entries) => new Set(entries.map(({ target }) => target.closest(".scroll"))).forEach(show));

  /** Watch over the box of a table. */
  const watch = (box) => {
    const button = make("button", { type: "button", class: "more_rows", hidden: true });
    button.addEventListener("click", () => {
      box.classList.toggle("whole");
      show(box);
    });
    box.after(button);
    boxes.set(box, button);
    box.addEventListener("scroll", () => shade(box), { passive: true });
    for (const each of [box, box.querySelector("table")]) resized.observe(each);
  };

  return { watch };
})();
