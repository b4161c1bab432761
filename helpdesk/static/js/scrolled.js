// @ts-check
// Where somebody was reading in each conversation: going to another one and back finds it again.

const KEEP = "scrolled";
const NEAR = 48; // pixels from its end: it is followed

/** By face: the number of the message on top and how far it was from there; none at the end.
 * @type {Record<string, {seq: string, above: number}>} */
let places = {};
try {
  places = JSON.parse(sessionStorage.getItem(KEEP) ?? "{}");
} catch {
  // then it lasts as long as the page
}

const scroller = () => document.querySelector("#thread .log-scroll");

/** @param {Element} box */
function keep(box) {
  const face = document.getElementById("thread")?.dataset.face;
  if (!face) return;
  const top = box.getBoundingClientRect().top;
  const rows = [...box.querySelectorAll("[data-seq]")];
  const first = rows.find((row) => row.getBoundingClientRect().bottom > top);
  const atEnd = box.scrollTop > -NEAR; // it is laid out from its end, where 0 is
  if (atEnd || !(first instanceof HTMLElement)) delete places[face];
  else places[face] = { seq: first.dataset.seq ?? "", above: first.getBoundingClientRect().top - top };
  try {
    sessionStorage.setItem(KEEP, JSON.stringify(places));
  } catch {
    // full, or switched off
  }
}

/** @param {string} face */
export function backTo(face) {
  const box = scroller();
  if (!box) return;
  const place = places[face];
  const row = place && box.querySelector(`[data-seq="${CSS.escape(place.seq)}"]`);
  if (!row) return box.scrollTo({ top: 0 });
  box.scrollBy({ top: row.getBoundingClientRect().top - box.getBoundingClientRect().top - place.above });
}

export function watchScroll() {
  let waiting = false;
  const onScroll = (/** @type {Event} */ event) => {
    const box = event.target;
    if (!(box instanceof Element) || !box.matches("#thread .log-scroll") || waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (box.isConnected) keep(box);
    });
  };
  document.addEventListener("scroll", onScroll, { capture: true, passive: true }); // it does not bubble
}
