/** The first and the last of consecutive ids. */
export type IdRange = readonly [first: number, last: number];

/** Groups ids into ranges, in order: one SQLite statement handles a range, and most requests are one range. */
export function rangesOf(ids: readonly number[]): IdRange[] {
  const ranges: IdRange[] = [];
  let [first, last] = [0, 0];
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === last + 1) {
      last = id;
      continue;
    }
    if (index > 0) ranges.push([first, last]);
    [first, last] = [id, id];
  }
  if (ids.length > 0) ranges.push([first, last]);
  return ranges;
}
