const DIGITS = '0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
/** What ids are written in, each in order; the first that has all letters and digits counts. */
const ALPHABETS = [
  DIGITS,
  DIGITS + LOWER.slice(0, 6),
  DIGITS + UPPER.slice(0, 6),
  DIGITS + LOWER,
  DIGITS + UPPER,
] as const;
const ALL = DIGITS + UPPER + LOWER;
/** Characters that count, from the first one on in which ids differ: they tell millions apart. */
const PLACES = 6;
const OTHERS = /[^0-9A-Za-z]/g;

/**
 * How far it is from the id `low` to `id`, from 0 to 1, on the way to `high`, or to the end of all ids, if ids are spread evenly: random
 * ones, hexadecimal or not, and numbered ones. An estimate, and only that for any others.
 */
export function shareOfWay(id: string, low: string, high: string | undefined): number {
  const start = commonLength(low, high ?? id);
  const seen = [low, id, high ?? ''].map((text) => text.slice(start, start + PLACES));
  const letters = [...seen.join('').replace(OTHERS, '')];
  const alphabet = ALPHABETS.find((known) => letters.every((letter) => known.includes(letter))) ?? ALL;
  const [from = 0, at = 0, to = 1] = seen.map((text) => numberOf(text, alphabet));
  const share = (at - from) / ((high === undefined ? 1 : to) - from);
  return Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : 0.5;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** The digits of a fraction in the base of the alphabet. */
function numberOf(text: string, alphabet: string): number {
  let number = 0;
  let unit = 1;
  for (const character of text) {
    unit /= alphabet.length;
    number += unit * rankOf(character, alphabet);
  }
  return number;
}

/** Of the next one, for what is not in the alphabet. */
function rankOf(character: string, alphabet: string): number {
  let rank = 0;
  while (rank < alphabet.length && (alphabet[rank] ?? '') < character) rank++;
  return rank;
}
