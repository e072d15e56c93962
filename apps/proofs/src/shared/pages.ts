import { setTimeout as delay } from 'node:timers/promises';
import type { RecordRow } from '@records/records-schema';
import { until } from './waiting.ts';

/** Of millions of rows. Milliseconds. */
const LIST_MS = 600_000;

/** Waits for a list of so many records or more, which takes longer than a request may when there are millions of rows. */
export function untilListed(apiUrl: string, records: number): Promise<void> {
  const isListed = async () => {
    const response = await fetch(`${apiUrl}/records?limit=1`);
    await response.body?.cancel();
    return response.ok && Number(response.headers.get('x-total-count')) >= records;
  };
  return until(`a list of at least ${records} records`, isListed, LIST_MS);
}

/** Reads all records of an API page by page, as `Link: rel="next"` leads. Waits when the API answers 429. */
export async function* pagesOf(apiUrl: string, limit: number): AsyncGenerator<RecordRow[]> {
  let url: URL | undefined = new URL(`${apiUrl}/records?limit=${limit}`);
  while (url) {
    const response: Response = await fetch(url);
    if (response.status === 429) {
      await response.body?.cancel();
      await delay(Number(response.headers.get('retry-after') ?? 1) * 1_000);
      continue;
    }
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    yield (await response.json()) as RecordRow[];
    const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    url = next === undefined ? undefined : new URL(next, url);
  }
}
