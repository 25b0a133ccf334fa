"use strict";
const box = document.getElementById("filter");
const found = document.getElementById("found");
const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
const textOf = (elements) => plain([...elements].map((each) => each.textContent).join(" "));

const LOOKED_IN = "h3, p, tbody th, tbody td:nth-child(4)";
// what is looked in: of an entry its name and what it means, of a column its name and meaning; no code, no lists of links
const entries = [...document.querySelectorAll("article")].map((article) => ({
  article,
  link: document.querySelector(`nav a[href="#${CSS.escape(article.id)}"]`)?.parentElement,
  chapter: article.closest("section"),
  said: textOf(article.querySelectorAll(":scope > h3, :scope > p")),
  rows: [...article.querySelectorAll("tbody tr")].map((row) => ({ row, said: textOf([row.cells[0], row.cells[3]]) })),
}));
const headings = new Map(
  [...document.querySelectorAll("main > section")].map((section) => [
    section,
    document.querySelector(`nav a[href="#${CSS.escape(section.getAttribute("aria-labelledby"))}"]`).parentElement,
  ]),
);

const show = () => {
  const words = plain(box.value).split(/\s+/).filter(Boolean);
  const all = (said) => words.every((word) => said.includes(word));
  const kept = new Set();
  let number = 0;
  for (const { article, link, chapter, said, rows } of entries) {
    const own = all(said);
    let columns = 0;
    for (const row of rows) {
      const is = own || all(`${said} ${row.said}`);
      row.row.hidden = !is;
      columns += is;
    }
    const is = own || columns > 0;
    article.hidden = !is;
    if (link) link.hidden = !is;
    if (is) {
      article.classList.toggle("first", !kept.has(chapter));
      kept.add(chapter);
    }
    number += is;
  }
  for (const [section, link] of headings) section.hidden = link.hidden = words.length > 0 && !kept.has(section);
  found.textContent = words.length ? `${number} of ${entries.length} entries` : "";
  mark(words);
};

const mark = (words) => {
  if (!window.CSS?.highlights) return;
  const ranges = [];
  const visible = words.length ? document.querySelectorAll("article:not([hidden])") : [];
  for (const article of visible) {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.toLowerCase();
      if (text.length !== node.data.length || !node.parentElement.closest(LOOKED_IN) || node.parentElement.closest("[hidden]"))
        continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
};

box.closest("label").hidden = false;
box.addEventListener("input", show);
