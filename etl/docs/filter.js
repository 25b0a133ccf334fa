"use strict";
const box = document.getElementById("filter");
const items = [...document.querySelectorAll("[data-names]")];
box.parentElement.hidden = false;
box.addEventListener("input", () => {
  const wanted = box.value.trim().toLowerCase();
  for (const item of items) item.hidden = !item.dataset.names.includes(wanted);
});
