import type { PageRange } from '../warehouse/warehouse.ts';

/** Rows that may be passed over, at most: far beyond what an ordered list can hold, far below what overflows. */
export const MAX_OFFSET = 100_000_000;

/**
 * The `Link` header of a page (RFC 8288). The targets are relative to the request's own URL and consist of a query
 * only, so they hold behind any proxy, host name or path prefix, and nothing that a client or proxy sends (`Host`,
 * `X-Forwarded-*`) can point them elsewhere. They lead through the list as it was at one moment, which `snapshot` names;
 * `filter` is the rest of the query.
 *
 * A page that starts within `limit` rows of the beginning has a shorter `prev`, so that walking back repeats nothing.
 */
export function pageLinks(
  { limit, offset }: PageRange,
  total: number,
  snapshot: string,
  filter = '',
): string {
  const link = (relation: string, limit: number, offset: number) =>
    `<?limit=${limit}&offset=${offset}&snapshot=${snapshot}${filter}>; rel="${relation}"`;
  const lastOffset = lastPage(limit, offset, total);
  const links = [link('first', limit, 0)];
  if (offset > 0) {
    const end = offset < total ? offset : lastOffset + limit;
    links.push(link('prev', Math.min(limit, end), Math.max(0, end - limit)));
  }
  if (offset + limit < total && offset + limit <= MAX_OFFSET) links.push(link('next', limit, offset + limit));
  if (lastOffset <= MAX_OFFSET) links.push(link('last', limit, lastOffset));
  return links.join(', ');
}

/** The start of the last page with rows: in steps of `limit` from where the caller is, from 0 for one who is past the end. */
function lastPage(limit: number, offset: number, total: number): number {
  if (total === 0) return 0;
  const phase = offset < total ? offset % limit : 0;
  return phase + Math.floor((total - 1 - phase) / limit) * limit;
}
