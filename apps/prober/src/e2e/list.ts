import { AnswerError, type Api, bodyOf } from '../api.ts';

/**
 * The offset of a record in the list; undefined when the list does not hold it. A binary search by `id`, which orders the
 * list: a few requests, however long the list is. Throws AnswerError.
 */
export async function positionOf(api: Api, id: string): Promise<number | undefined> {
  let low = 0;
  let { total: high } = await entryAt(api, 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await entryAt(api, middle);
    if (entry.id === id) return middle;
    if (entry.id !== undefined && entry.id < id) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** The id at an offset, undefined past the end, and the length of the list. */
async function entryAt(api: Api, offset: number): Promise<{ id: string | undefined; total: number }> {
  const answer = await api.get(`/records?limit=1&offset=${offset}`);
  const [record] = bodyOf(answer) as { id?: string }[];
  const total = Number(answer.headers.get('x-total-count') ?? Number.NaN);
  if (!Number.isSafeInteger(total)) throw new AnswerError('the list has no X-Total-Count');
  return { id: record?.id, total };
}
