// What is chosen, and on which page: kept in the address, so that a view can be mailed and Back undoes a choice.
"use strict";
const State = (() => {
  const listeners = [];
  let data = { slicers: [], months: [], pages: [] };
  let current = { page: "", chosen: {}, months: null, drill: {}, faults: [] };

  const pageOf = (anchor) => data.pages.find((page) => page.anchor === anchor);
  const byKey = (key) => data.slicers.findIndex((slicer) => slicer.key === key);
  const memberOf = (slicer, text) => {
    const exact = slicer.members.indexOf(text);
    const folded = text.trim().toUpperCase();
    return exact >= 0 ? exact : slicer.members.findIndex((member) => member.trim().toUpperCase() === folded);
  };

  const choose = (chosen, index, member) => {
    chosen[index] = [...new Set([...(chosen[index] || []), member])].sort((one, other) => one - other);
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // cut off, for example
    }
  };

  /** Read months: a range whose ends are known, the open end being the first or last one. */
  const range = (from, to, faults) => {
    for (const month of [from, to]) {
      if (month && !data.months.includes(month)) faults.push(`The link asks for the month “${month}”, of which there are no data: it is ignored.`);
    }
    const known = (month, otherwise) => (data.months.includes(month) ? month : otherwise);
    const ends = [known(from, data.months[0]), known(to, data.months.at(-1))].sort();
    return data.months.includes(from) || data.months.includes(to) ? ends : null;
  };

  /** Read down to which members a visual is drilled: its id, and a member of each level, as names. */
  const drilled = (text, { page, drill, faults }) => {
    const [id, ...names] = text.split("/").map((part) => part.replaceAll("%2F", "/").replaceAll("%25", "%"));
    const levels = id.startsWith(`${page}_`) ? data.visuals?.[id]?.down?.[names.length - 1]?.under : null;
    const path = levels?.map((slicer, at) => memberOf(data.slicers[slicer], names[at]));
    if (path && !path.includes(-1)) drill[id] = path;
    else faults.push(`The link drills down to “${names.join(", ")}”, of which there are no data: it is ignored.`);
  };

  const drillOf = (id, path) => [id, ...path.map((member, at) =>
    data.slicers[data.visuals[id].down[path.length - 1].under[at]].members[member])]
    .map((part) => part.replaceAll("%", "%25").replaceAll("/", "%2F")).join("/");

  /** Read an address' part after #; what it names and the data do not have is told, and ignored. */
  const read = (hash) => {
    const [, anchor, query] = /^#?([^?]*)\??(.*)$/s.exec(hash);
    const page = pageOf(anchor) ?? data.pages[0];
    const state = { page: page.anchor, chosen: {}, months: null, drill: {}, faults: [] };
    if (anchor && page.anchor !== anchor) state.faults.push(`The link leads to the page “${decoded(anchor)}”, which this report does not have: this is its first page.`);
    const ends = {};
    for (const [key, text] of new URLSearchParams(query)) {
      const index = byKey(key);
      if (key === "from" || key === "to") ends[key] = text;
      else if (key === "drill") drilled(text, state);
      else if (index < 0) state.faults.push(`The link asks for “${key}”, which this report does not filter by: it is ignored.`);
      else if (memberOf(data.slicers[index], text) >= 0) choose(state.chosen, index, memberOf(data.slicers[index], text));
      else state.faults.push(`The link asks for ${data.slicers[index].label} “${text}”, of which there are no data: it is ignored.`);
    }
    state.months = range(ends.from, ends.to, state.faults);
    return state;
  };

  /** Write a state as an address' part after #. */
  const address = ({ page, chosen, months, drill }) => {
    const query = new URLSearchParams();
    for (const [index, members] of Object.entries(chosen)) {
      members.forEach((member) => query.append(data.slicers[index].key, data.slicers[index].members[member]));
    }
    if (months) {
      query.append("from", months[0]);
      query.append("to", months[1]);
    }
    for (const [id, path] of Object.entries(drill)) if (path.length && id.startsWith(`${page}_`)) query.append("drill", drillOf(id, path));
    return `#${page}${query.size ? `?${query}` : ""}`;
  };

  const tell = (before) => listeners.forEach((listener) => listener(current, before));

  /** Change the state: a step that Back takes back; or instead of the last step. */
  const change = (changed, instead = false) => {
    const before = current;
    current = { ...current, faults: [], ...changed };
    const target = address(current);
    if (target !== location.hash) history[instead ? "replaceState" : "pushState"](null, "", target);
    tell(before);
  };

  /** Return the members of a slicer, by their places, that a page has something to say of. */
  const offered = (page, index) => page.offered[page.slicers.indexOf(index)] ?? data.slicers[index].members.map((_, at) => at);

  /** Choose these members of a slicer, none being all; a member of no slicer stays. */
  const pick = (index, members) => {
    const chosen = { ...current.chosen };
    delete chosen[index];
    if (members.length && offered(pageOf(current.page), index).some((member) => !members.includes(member))) {
      chosen[index] = [...members].sort((one, other) => one - other);
    }
    change({ chosen });
  };

  /** Choose the months from one to another, in any order; all that the page offers are no choice. */
  const pickMonths = (ends) => {
    const offers = pageOf(current.page).months.map((place) => data.months[place]);
    const [from, to] = [...ends].sort();
    change({ months: from === offers[0] && to === offers.at(-1) ? null : [from, to] });
  };

  /** Choose a member alone, or take that back. */
  const toggle = (index, member) => {
    const now = current.chosen[index] || [];
    pick(index, now.length === 1 && now[0] === member ? [] : [member]);
  };

  const follow = () => {
    const before = current;
    current = read(location.hash);
    tell(before);
  };

  /** Take the data: what can be chosen. */
  const know = (given) => {
    data = given;
  };

  /** Begin with what the address says, and follow it. */
  const begin = () => {
    addEventListener("popstate", follow);
    addEventListener("hashchange", () => address(current) === location.hash || follow());
    follow();
  };

  return {
    know, begin, read, pageOf, offered, address, change, pick, pickMonths, toggle,
    listen: (listener) => listeners.push(listener),
    get current() { return current; },
    get data() { return data; },
  };
})();
