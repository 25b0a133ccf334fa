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

  const option = (value, text, given = {}) => make("option", { value, ...given }, text);
  const box = (slicer, at, given = {}) =>
    make("label", given, make("input", { type: "checkbox", value: at, name: slicer.key }), make("span", {}, slicer.members[at]));

  const several = (index, slicer, offered) => {
    const search = offered.length > MANY
      ? make("input", { type: "search", "aria-label": `Search ${slicer.label}`, placeholder: "Search" }) : null;
    const list = make("fieldset", {}, make("legend", { class: "said" }, slicer.label), search, ...offered.map((at) => box(slicer, at)));
    search?.addEventListener("input", () => {
      const wanted = search.value.trim().toUpperCase();
      list.querySelectorAll("label").forEach((each) => { each.hidden = !each.textContent.toUpperCase().includes(wanted); });
    });
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
    const offered = State.offered(page, index);
    const id = `_${anchor}_${slicer.key}`;
    const list = make("select", { id, "data-slicer": index }, option("", "All"),
      option("several", "", { hidden: true, disabled: true }), ...offered.map((at) => option(at, slicer.members[at])));
    list.addEventListener("change", () => State.pick(index, list.value === "" ? [] : [Number(list.value)]));
    const more = page.mode !== "single" && offered.length > 2 ? several(index, slicer, offered) : null;
    return make("div", { class: "slicer" }, make("label", { for: id }, slicer.label), make("div", { class: "both" }, list, more));
  };

  const period = (anchor, page) => ["from", "to"].map((end, at) => {
    const months = page.months.map((place) => State.data.months[place]);
    const id = `_${anchor}_${end}`;
    const list = make("select", { id, "data-end": at }, option("", at ? "the last" : "the first"),
      ...months.map((month) => option(month, month)));
    list.addEventListener("change", () => {
      const ends = [...(State.current.months || [months[0], months.at(-1)])];
      ends[at] = list.value || (at ? months.at(-1) : months[0]);
      if (ends[0] > ends[1]) ends[1 - at] = ends[at];
      State.pickMonths(ends);
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
      ...(page.months ? period(anchor, page) : []), reset);
    const box = make("details", { class: "filter_box", open: !matchMedia("(max-width: 40rem)").matches },
      make("summary", {}, "Filters"), controls);
    place.append(make("form", { "aria-label": "Filters" }, box));
    place.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    if (page.note) place.closest(".page").append(make("p", { class: "note" }, page.note));
  };

  /** Have what is chosen in its list while it is: on another page it may be offered, and not here. */
  const keep = (place, has, wanted) => {
    place.querySelectorAll(".elsewhere").forEach((each) => each.remove());
    place.append(...wanted.filter(([value]) => !has(value)).map(([, made]) => made({ class: "elsewhere" })));
  };

  const count = (list, members, slicer, offered) => {
    keep(list, (at) => offered.includes(at), members.map((at) => [at, (given) => option(at, slicer.members[at], given)]));
    write(list.querySelector('[value="several"]'), members.length > 1 ? `${members.length} of ${offered.length}` : "");
    list.value = members.length > 1 ? "several" : members.length ? String(members[0]) : "";
  };

  /** Show in a page's bar what is chosen. */
  const show = (section, page, state) => {
    section.querySelectorAll("select[data-slicer]").forEach((list) => {
      const index = Number(list.dataset.slicer);
      const [slicer, members, offered] = [State.data.slicers[index], state.chosen[index] || [], State.offered(page, index)];
      count(list, members, slicer, offered);
      list.closest(".slicer").classList.toggle("on", members.length > 0);
      const boxes = list.parentElement.querySelector("fieldset");
      if (boxes) keep(boxes, (at) => offered.includes(at), members.map((at) => [at, (given) => box(slicer, at, given)]));
      list.parentElement.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = members.includes(Number(box.value)); });
    });
    section.querySelectorAll("select[data-end]").forEach((list) => {
      const month = state.months ? state.months[list.dataset.end] : "";
      keep(list, (at) => page.months.includes(State.data.months.indexOf(at)), month ? [[month, (given) => option(month, month, given)]] : []);
      list.value = month;
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
