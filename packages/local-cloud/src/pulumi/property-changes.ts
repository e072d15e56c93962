import type { PropertyChange } from '../cloud-event.ts';
import { differences, topLevel } from './diff.ts';

/** Characters shown of a value. */
const LONGEST = 100;
/** Characters before the first difference of two long values. */
const LEAD = 20;

/** The differences between two sets of inputs, as text of bounded length. `isSecret` receives top-level names. */
export function propertyChanges(
  old: unknown,
  next: unknown,
  isSecret: (property: string) => boolean,
): PropertyChange[] {
  return differences(old, next).map((difference) => {
    const { path } = difference;
    const [before, after] = [textOf(difference.old), textOf(difference.next)];
    if (!isSecret(topLevel(path))) return { path, ...shownPair(before, after) };
    return { path, old: before && '[secret]', new: after && '[secret]' };
  });
}

function textOf(value: unknown): string | undefined {
  return JSON.stringify(value);
}

/** Both values around their first difference. */
function shownPair(before: string | undefined, after: string | undefined): Omit<PropertyChange, 'path'> {
  const start = before === undefined || after === undefined ? 0 : firstDifference(before, after) - LEAD;
  return { old: before && cut(before, start), new: after && cut(after, start) };
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

function cut(text: string, start: number): string {
  if (text.length <= LONGEST) return text;
  const from = Math.max(0, Math.min(start, text.length - LONGEST));
  const shown = text.slice(from, from + LONGEST).toWellFormed();
  return `${from > 0 ? '…' : ''}${shown}${from + LONGEST < text.length ? '…' : ''}`;
}
