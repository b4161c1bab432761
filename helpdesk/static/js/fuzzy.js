// @ts-check
// How well a few typed letters fit a text: whole words first, then beginnings, then letters in
// order. Pure.

/** @param {string} text */
export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** 0 when it does not fit; the larger, the better. @param {string} text @param {string} typed */
export function fits(text, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const here = plain(text);
  let all = 1;
  for (const word of words) {
    const one = fit(here, word);
    if (!one) return 0;
    all += one;
  }
  return all - here.length / 1000;
}

/** @param {string} text @param {string} word */
function fit(text, word) {
  const at = text.indexOf(word);
  if (at === 0) return 100;
  if (at > 0) return /\W/.test(text[at - 1]) ? 80 : 40;
  // Letters in order, beginnings of words counting more: "mt" finds "make a ticket".
  let from = 0;
  let score = 0;
  for (const letter of word) {
    const found = text.indexOf(letter, from);
    if (found < 0) return 0;
    if (found === 0 || /\W/.test(text[found - 1])) score += 6;
    else if (found === from) score += 3;
    else score += 1;
    from = found + 1;
  }
  return score / word.length >= 2 ? score / word.length : 0;
}
