for (const table of document.querySelectorAll("[data-table]")) {
  const own = [...document.querySelectorAll("[data-ends]")].filter((line) =>
    line.dataset.ends.split(" ").includes(table.dataset.table),
  );
  const lit = (on) => {
    table.closest("svg").classList.toggle("asked", on);
    for (const each of [table, ...own]) each.classList.toggle("lit", on);
  };
  for (const event of ["pointerenter", "focus"]) table.addEventListener(event, () => lit(true));
  for (const event of ["pointerleave", "blur"]) table.addEventListener(event, () => lit(false));
}
