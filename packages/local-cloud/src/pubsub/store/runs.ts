/** The first and the last of consecutive ids. */
export type Run = readonly [first: number, last: number];

/** Ids as runs, in their order: what is published or acknowledged together is mostly one, and SQLite takes each at once. */
export function runsOf(ids: readonly number[]): Run[] {
  const runs: Run[] = [];
  let [first, last] = [0, 0];
  for (const [index, id] of ids.entries()) {
    if (index > 0 && id === last + 1) {
      last = id;
      continue;
    }
    if (index > 0) runs.push([first, last]);
    [first, last] = [id, id];
  }
  if (ids.length > 0) runs.push([first, last]);
  return runs;
}
