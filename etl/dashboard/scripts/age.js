// How old the data are, by the reader's clock: a file that was mailed does not know.
"use strict";
const Age = (() => {
  const MINUTE = 60_000;
  const STALE = 36 * 60; // minutes: a night was missed

  const counted = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"} old`;

  /** Say an age in minutes. */
  const said = (minutes) => {
    if (minutes < 60) return counted(Math.max(minutes, 0), "minute");
    return minutes < 48 * 60 ? counted(Math.floor(minutes / 60), "hour") : counted(Math.floor(minutes / 60 / 24), "day");
  };

  const show = (place, asOf) => {
    const minutes = Math.floor((Date.now() - asOf) / MINUTE);
    const stale = minutes > STALE;
    place.classList.toggle("stale", stale);
    Elements.write(place, minutes < -5 ? "" : said(minutes) + (stale ? ": look for a newer copy" : ""));
  };

  /** Keep an age up to date. */
  const keep = (time, place) => {
    const asOf = Date.parse(time.dateTime);
    const renew = () => show(place, asOf);
    renew();
    setInterval(renew, MINUTE);
    document.addEventListener("visibilitychange", renew);
  };

  return { keep, said };
})();
