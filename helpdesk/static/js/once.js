// @ts-check
// Of all the tabs of a person one does it: rings, shows a notification.

const REMEMBERED = 10_000; // milliseconds in which the same thing is not done again
const HIDDEN_WAITS = 150; // a tab that is looked at goes first

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

/**
 * True in exactly one tab of this browser for each `key` ("ring:case:42:57", say). Every tab asks
 * when it hears of the thing. Without Web Locks each tab is told yes.
 * @param {string} key @returns {Promise<boolean>}
 */
export async function once(key) {
  if (!navigator.locks) return true;
  if (document.hidden) await pause(HIDDEN_WAITS);
  return new Promise((answer) => {
    void navigator.locks.request(`once:${key}`, { ifAvailable: true }, async (lock) => {
      answer(Boolean(lock));
      if (lock) await pause(REMEMBERED);
    });
  });
}
