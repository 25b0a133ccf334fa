// Makes tabs of the pages.
"use strict";
const Tabs = (() => {
  const list = document.getElementById("_tabs");
  const tabs = [...list.children];
  const anchor = (tab) => tab.dataset.page;
  const page = (tab) => document.getElementById(anchor(tab));

  const select = (name) => tabs.forEach((tab) => {
    const on = anchor(tab) === name;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    page(tab).hidden = !on;
  });

  /** Let the links of tabs lead to a page with what is chosen. */
  const link = (state) => tabs.forEach((tab) => tab.setAttribute("href", State.address({ ...state, page: anchor(tab) })));

  const pressed = (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1, " ": at }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    State.change({ page: anchor(tab) });
  };

  const clicked = (event) => {
    const tab = event.target.closest("a");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    State.change({ page: anchor(tab) });
  };

  const begin = () => {
    list.setAttribute("role", "tablist");
    tabs.forEach((tab) => {
      const shown = page(tab);
      tab.id = `__${shown.id}`; // which no slicer has
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", shown.id);
      shown.setAttribute("role", "tabpanel");
      shown.setAttribute("aria-labelledby", tab.id);
    });
    list.addEventListener("click", clicked);
    list.addEventListener("keydown", pressed);
    State.listen((state) => {
      select(state.page);
      link(state);
    });
  };

  return { begin };
})();
