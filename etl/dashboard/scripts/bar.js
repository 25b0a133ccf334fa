// The filter bar of a page, of native controls: a list for one choice, boxes for several, months from and to.
"use strict";
const Bar = (() => {
  const { make, write, listed } = Elements;
  const MANY = 12; // members from which on boxes can be searched

  /** Say what is chosen, in words. */
  const said = (page, state) => {
    const { slicers, months } = State.data;
    const parts = page.slicers
      .filter((index) => state.chosen[index])
      .map((index) => `${slicers[index].label} ${listed(state.chosen[index].map((member) => slicers[index].members[member]), "or")}`);
    if (page.months && state.months) {
      const [from, to] = state.months;
      parts.push(from === to ? `the month ${from}` : `the months ${from} to ${to}`);
    }
    if (!page.slicers.length && !months.length) return "";
    return parts.length ? `Only ${listed(parts)}.` : "All data: nothing is filtered.";
  };

  const several = (index, slicer) => {
    const boxes = slicer.members.map((member, at) =>
      make("label", {}, make("input", { type: "checkbox", value: at, name: slicer.key }), make("span", {}, member)));
    const search = slicer.members.length > MANY
      ? make("input", { type: "search", "aria-label": `Search ${slicer.label}`, placeholder: "Search" }) : null;
    search?.addEventListener("input", () => {
      const wanted = search.value.trim().toUpperCase();
      boxes.forEach((box) => { box.hidden = !box.textContent.toUpperCase().includes(wanted); });
    });
    const list = make("fieldset", {}, make("legend", { class: "said" }, slicer.label), search, ...boxes);
    const opener = make("summary", { "aria-label": `Several: ${slicer.label}`, title: "Choose several" });
    const made = make("details", { class: "several" }, opener, list);
    list.addEventListener("change", (event) => {
      if (event.target.type !== "checkbox") return;
      State.pick(index, [...list.querySelectorAll("input:checked")].map((input) => Number(input.value)));
    });
    return made;
  };

  const control = (anchor, page, index) => {
    const slicer = State.data.slicers[index];
    const id = `_${anchor}_${slicer.key}`;
    const list = make("select", { id, "data-slicer": index }, make("option", { value: "" }, "All"),
      make("option", { value: "several", hidden: true, disabled: true }),
      ...slicer.members.map((member, at) => make("option", { value: at }, member)));
    list.addEventListener("change", () => State.pick(index, list.value === "" ? [] : [Number(list.value)]));
    const more = page.mode !== "single" && slicer.members.length > 2 ? several(index, slicer) : null;
    return make("div", { class: "slicer" }, make("label", { for: id }, slicer.label), make("div", { class: "both" }, list, more));
  };

  const period = (anchor) => ["from", "to"].map((end, at) => {
    const { months } = State.data;
    const id = `_${anchor}_${end}`;
    const list = make("select", { id, "data-end": at }, make("option", { value: "" }, at ? "the last" : "the first"),
      ...months.map((month) => make("option", { value: month }, month)));
    list.addEventListener("change", () => {
      const ends = [...(State.current.months || [months[0], months.at(-1)])];
      ends[at] = list.value || (at ? months.at(-1) : months[0]);
      if (ends[0] > ends[1]) ends[1 - at] = ends[at];
      State.change({ months: ends[0] === months[0] && ends[1] === months.at(-1) ? null : ends });
    });
    return make("div", { class: "slicer" }, make("label", { for: id }, at ? "To month" : "From month"), make("div", { class: "both" }, list));
  });

  const build = (anchor, page, place) => {
    if (!page.slicers.length && !page.months) return;
    const reset = make("button", { type: "button", class: "reset", hidden: true }, "Reset");
    reset.addEventListener("click", () => {
      State.change({ chosen: {}, months: null, drill: {} });
      place.querySelector("select").focus();
    });
    const controls = make("div", { class: "controls" }, ...page.slicers.map((index) => control(anchor, page, index)),
      ...(page.months ? period(anchor) : []), reset);
    const box = make("details", { class: "filter_box", open: !matchMedia("(max-width: 40rem)").matches },
      make("summary", {}, "Filters"), controls);
    place.append(make("form", { "aria-label": "Filters" }, box));
    place.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    if (page.note) place.closest(".page").append(make("p", { class: "note" }, page.note));
  };

  const count = (list, members, slicer) => {
    const option = list.querySelector('[value="several"]');
    write(option, members.length > 1 ? `${members.length} of ${slicer.members.length}` : "");
    list.value = members.length > 1 ? "several" : members.length ? String(members[0]) : "";
  };

  /** Show in a page's bar what is chosen. */
  const show = (section, page, state) => {
    section.querySelectorAll("select[data-slicer]").forEach((list) => {
      const members = state.chosen[list.dataset.slicer] || [];
      count(list, members, State.data.slicers[list.dataset.slicer]);
      list.closest(".slicer").classList.toggle("on", members.length > 0);
      list.parentElement.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = members.includes(Number(box.value)); });
    });
    section.querySelectorAll("select[data-end]").forEach((list) => {
      list.value = state.months ? state.months[list.dataset.end] : "";
      list.closest(".slicer").classList.toggle("on", state.months !== null);
    });
    const isDrilled = Object.entries(state.drill).some(([id, path]) => path.length && id.startsWith(`${section.id}_`));
    const any = Object.keys(state.chosen).length > 0 || state.months !== null || isDrilled;
    section.querySelectorAll(".reset").forEach((button) => { button.hidden = !any; });
    write(section.querySelector(".chosen"), said(page, state));
    const faults = section.querySelector(".faults");
    write(faults, state.faults.join(" "));
    faults.hidden = !state.faults.length;
  };

  // A list of boxes closes by Escape, and by a click or a step elsewhere.
  const close = (except) => document.querySelectorAll(".several[open]").forEach((each) => { if (!except || !each.contains(except)) each.open = false; });
  document.addEventListener("pointerdown", (event) => close(event.target));
  document.addEventListener("focusin", (event) => close(event.target));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(".several[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  return { build, show, said };
})();
