import { InvalidArgumentError } from '@commander-js/extra-typings';
import { closest, distance } from 'fastest-levenshtein';

/** A parser of an option: a whole number in decimal digits, from `min` to `max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`"${text}" must be an integer from ${min} to ${max}`);
  };
}

/** The known word nearest to a misspelt one; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const found = closest(word, known);
  return distance(word, found) <= Math.max(2, word.length / 2) ? found : undefined;
}
