// Answers choices as the page does: node answer.cjs cells.js < {"queries": […], "asks": [[number of the query, choices]]}
"use strict";
const cells = require(require("path").resolve(process.argv[2]));
const { queries, asks } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
Promise.all(queries.map(cells.open)).then(() => {
  process.stdout.write(JSON.stringify(asks.map(([number, choices]) => cells.answer(queries[number], choices))));
});
