// How a value is written: what formats.py does in Python, exactly, on the digits and never on floats.
"use strict";
const Formats = (() => {
  const NOTHING = "–";
  const NONE = "(none)"; // the member that is NULL
  const EMPTY = "(empty)";
  const TAKEN = /^ *“*\((none|empty)\)”* *$/i;
  const NUMBER = /^(\+?)(?:"([^"]+)")?(#,0|#,##0|0)(?:\.(0+))?(%?)(?:;-.+)?$/;
  const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
  const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/;

  /** Return whether a value is a number: JSON's, or one by its digits, { exact }. A text never is, however it looks. */
  const isNumber = (value) => typeof value === "number" || typeof value?.exact === "string";

  /** Return a number's digits as a text; other values as they are. */
  const digitsOf = (value) => value?.exact ?? value;

  /** Return a number's sign, its digits as an integer, and how many of them are decimals. */
  const exact = (value) => {
    const [, sign, whole, decimals = "", exponent = "0"] = DECIMAL.exec(String(digitsOf(value)));
    const scale = decimals.length - Number(exponent);
    const digits = BigInt(whole + decimals) * (scale < 0 ? 10n ** BigInt(-scale) : 1n);
    return { negative: sign === "-", digits, scale: Math.max(scale, 0) };
  };

  /** Return the digits rounded half up, away from zero, to so many decimals. */
  const rounded = (digits, scale, places) => {
    if (scale <= places) return digits * 10n ** BigInt(places - scale);
    const unit = 10n ** BigInt(scale - places);
    return (2n * digits + unit) / (2n * unit);
  };

  const plain = (value) => {
    const { negative, digits, scale } = exact(value);
    const text = digits.toString().padStart(scale + 1, "0");
    return (negative ? "−" : "") + (scale ? `${text.slice(0, -scale)}.${text.slice(-scale)}` : text);
  };

  /** Write a member of an axis. A text that is what NULL or the empty text is called stands in quotes. */
  const member = (value) => {
    if (value === null || value === undefined) return NONE;
    return typeof value === "string" && TAKEN.test(value) ? `“${value}”` : label(value);
  };

  /** Write a value that has no format. */
  const label = (value) => {
    if (value === null || value === undefined) return NOTHING;
    if (typeof value === "boolean") return value ? "Yes" : "No";
    if (isNumber(value)) return plain(value);
    return value || EMPTY;
  };

  const numeral = (value, [, plus, unit = "", pattern, decimals = "", percent]) => {
    const { negative, digits, scale } = exact(value);
    const places = decimals.length;
    const number = rounded(percent ? digits * 100n : digits, scale, places);
    const text = number.toString().padStart(places + 1, "0");
    const whole = places ? text.slice(0, -places) : text;
    const grouped = pattern === "0" ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ",");
    const sign = negative && number !== 0n ? "−" : plus;
    return sign + unit + grouped + (places ? `.${text.slice(-places)}` : "") + percent;
  };

  /** Write the value of a measure. */
  const shown = (value, format) => {
    const parts = NUMBER.exec(format);
    if (parts && isNumber(value)) return numeral(value, parts);
    if (format === "yyyy-mm-dd" && TIME.test(value)) return value.slice(0, 10);
    return label(value);
  };

  /** Return how a number, as a format shows it, is to another: −1, 0 or 1; nothing of what is no number. */
  const compared = (value, other, format) => {
    if (!isNumber(value)) return null;
    const parts = NUMBER.exec(format);
    const places = parts ? (parts[4] || "").length + (parts[5] ? 2 : 0) : exact(value).scale;
    const signed = ({ negative, digits, scale }, to, round) => {
      const size = round ? rounded(digits, scale, places) * 10n ** BigInt(to - places) : digits * 10n ** BigInt(to - scale);
      return negative ? -size : size;
    };
    const [one, two] = [exact(value), exact(other)];
    const to = Math.max(places, two.scale);
    const difference = signed(one, to, true) - signed(two, to, false);
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  };

  /** Return what a chart draws of a value, a float for lengths alone. */
  const drawn = (value) => (isNumber(value) ? Number(digitsOf(value)) : null);

  const isPercent = (format) => format.endsWith("%");

  /** Write a number of an axis, which has room for few letters: €1.2 M. */
  const short = (value, format) => {
    const percent = isPercent(format);
    const unit = NUMBER.exec(format)?.[2] || "";
    const number = percent ? value * 100 : value;
    const size = Math.abs(number);
    const [by, name] = size >= 1e9 ? [1e9, " bn"] : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
    const text = (size / by).toLocaleString("en", { maximumSignificantDigits: by === 1 ? 4 : 3 });
    return (number < 0 ? "−" : "") + unit + text + name + (percent ? "%" : "");
  };

  return { shown, label, member, drawn, compared, short, isNumber, digitsOf, isPercent, NOTHING };
})();
