const DIGITS = '0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
/** Alphabets of ids, each in order. The first one with all letters and digits of the ids is used. */
const ALPHABETS = [
  DIGITS,
  DIGITS + LOWER.slice(0, 6),
  DIGITS + UPPER.slice(0, 6),
  DIGITS + LOWER,
  DIGITS + UPPER,
] as const;
const ALL = DIGITS + UPPER + LOWER;
/** Characters compared, from the first difference on: enough to tell millions of ids apart. */
const PLACES = 6;
const OTHERS = /[^0-9A-Za-z]/g;

/**
 * The position of `id` between the ids `low` (0) and `high` (1), or the end of all ids. Assumes evenly spread ids, as random or
 * numbered ones are; otherwise it is a rough estimate.
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

/** The text as a fraction in the base of the alphabet. */
function numberOf(text: string, alphabet: string): number {
  let number = 0;
  let unit = 1;
  for (const character of text) {
    unit /= alphabet.length;
    number += unit * rankOf(character, alphabet);
  }
  return number;
}

/** The rank in the alphabet; of the next character for one that is not in it. */
function rankOf(character: string, alphabet: string): number {
  let rank = 0;
  while (rank < alphabet.length && (alphabet[rank] ?? '') < character) rank++;
  return rank;
}
