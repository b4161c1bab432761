// @ts-check
// Relative times and countdowns, told by the server's clock: one timer for the page.

const here = document.querySelector("script[data-now]");
const told = here instanceof HTMLElement ? Date.parse(here.dataset.now ?? "") : NaN;
/** Milliseconds the server is ahead of this machine. */
let ahead = Number.isNaN(told) ? 0 : told - (performance.timeOrigin + loaded());

/** @returns {number} when the page's answer began, after the time origin */
function loaded() {
  const [page] = performance.getEntriesByType("navigation");
  return page instanceof PerformanceNavigationTiming ? page.responseStart : 0;
}

/** @returns {number} now, by the server's clock */
export function now() {
  return Date.now() + ahead;
}

/** The socket says the time too. @param {string} iso */
export function tellTime(iso) {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

/** @param {number} seconds */
export function span(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  if (whole < 60) return `${whole}\u00a0s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}\u00a0min`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}\u00a0h`;
  const days = Math.floor(whole / 86_400);
  return `${days}\u00a0${days === 1 ? "day" : "days"}`;
}

/** @param {number} at */
export function ago(at) {
  const seconds = (now() - at) / 1000;
  if (Math.abs(seconds) < 60) return seconds >= 0 ? "just now" : "in a moment";
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(seconds)}`;
}

/** @param {number} at */
export function left(at) {
  const seconds = (at - now()) / 1000;
  return `${span(seconds)} ${seconds >= 0 ? "left" : "late"}`;
}

/** The zone of the reader's profile, as the server writes times; without one, this machine's. */
export const zone = known(document.body.dataset.zone);

/** @param {string | undefined} name */
function known(name) {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: name || undefined }).resolvedOptions().timeZone;
  } catch {
    return undefined; // a zone this browser has not heard of
  }
}

/** Text for a moment in the reader's zone. @param {string} iso */
export function clock(iso) {
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IN_UTC = /(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}), (\d\d:\d\d) UTC/g;

/** `20 Nov 2026`, as the server writes it. @param {string} iso */
export function day(iso) {
  const shown = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric" });
  const parts = Object.fromEntries(shown.formatToParts(new Date(iso)).map((one) => [one.type, Number(one.value)]));
  return `${parts.day} ${MONTHS[parts.month - 1]} ${parts.year}`;
}

/** The moments that a sentence names in UTC, on the clock of the profile. @param {string} text */
export function ownClock(text) {
  if (!document.body.dataset.zone) return text;
  return text.replace(IN_UTC, (whole, date, month, year, time) => {
    const at = Date.parse(`${date} ${month} ${year} ${time} UTC`);
    if (Number.isNaN(at)) return whole;
    const iso = new Date(at).toISOString();
    return `${day(iso)}, ${clock(iso)}`;
  });
}

/** `Fri 20 Nov, 14:32`. @param {string} iso */
export function moment(iso) {
  const day = new Date(iso).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: zone });
  return `${day.replace(",", "")}, ${clock(iso)}`;
}

/** The day in the reader's zone, counted so that two can be compared. @param {number} at */
export function dayNumber(at) {
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric" });
  const parts = Object.fromEntries(day.formatToParts(at).map((one) => [one.type, Number(one.value)]));
  return Math.round(Date.UTC(parts.year, parts.month - 1, parts.day) / 864e5);
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-time]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    const text = element.dataset.time === "left" ? left(at) : ago(at);
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.time === "left") element.toggleAttribute("data-late", at < now());
  }
}

refresh();
setInterval(() => {
  if (!document.hidden) refresh();
}, 1000);
document.addEventListener("visibilitychange", refresh);
