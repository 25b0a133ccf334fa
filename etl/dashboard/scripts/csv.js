// A table as CSV: values to the places that are shown, as RFC 4180 has it, with the mark by which Excel knows UTF-8.
"use strict";
const Csv = (() => {
  const FORMULA = /^[=+\-@\t\r]/; // what a spreadsheet would run

  const field = (value) => {
    if (value === null || value === undefined) return "";
    const text = String(Formats.digitsOf(value));
    const safe = FORMULA.test(text) && !Formats.isNumber(value) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };

  /** Write rows of fields. */
  const text = (rows) => "\ufeff" + rows.map((row) => row.map(field).join(",") + "\r\n").join("");

  /** Hand a file to the reader. */
  const save = (name, rows) => {
    const address = URL.createObjectURL(new Blob([text(rows)], { type: "text/csv;charset=utf-8" }));
    Elements.make("a", { href: address, download: `${name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };

  return { text, save };
})();
