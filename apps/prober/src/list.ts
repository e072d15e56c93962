import { DeliveryError } from '../errors.ts';
import { ask, type Subject } from './subject.ts';

interface Entry {
  readonly id: string | undefined;
  readonly total: number;
}

/**
 * Where a record is in the list, which is ordered by `id`: found by halving, in a few requests however long the list is.
 * Throws DeliveryError when the list does not answer.
 */
export async function positionOf(subject: Subject, id: string): Promise<number | undefined> {
  let low = 0;
  let { total: high } = await entryAt(subject, 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await entryAt(subject, middle);
    if (entry.id === undefined) high = middle;
    else if (entry.id === id) return middle;
    else if (entry.id < id) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

async function entryAt(subject: Subject, offset: number): Promise<Entry> {
  const response = await ask(subject, `/records?limit=1&offset=${offset}`);
  const text = await response.text();
  if (!response.ok) throw new DeliveryError(`the list answers ${response.status}: ${text.slice(0, 200)}`);
  const [record] = JSON.parse(text) as { id?: string }[];
  const total = Number(response.headers.get('x-total-count') ?? Number.NaN);
  if (!Number.isSafeInteger(total)) throw new DeliveryError('the list has no X-Total-Count');
  return { id: record?.id, total };
}
