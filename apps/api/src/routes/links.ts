import type { PageRange } from '../warehouse/warehouse.ts';

/** Far above the size of any list, far below the limits of integers. */
export const MAX_OFFSET = 100_000_000;

/**
 * The `Link` header of a page (RFC 8288). The targets are absolute paths, which every resolver understands (some mistake `?a=b` for a
 * path), and no `Host` or `X-Forwarded-*` header can redirect them. `snapshot` names the walked list and `filter` is the rest of the
 * query. Near the beginning `prev` is shorter than `limit`, so that walking back repeats no row.
 */
export function pageLinks(
  { limit, offset }: PageRange,
  total: number,
  snapshot: string,
  filter = '',
): string {
  const link = (relation: string, limit: number, offset: number) =>
    `</records?limit=${limit}&offset=${offset}&snapshot=${snapshot}${filter}>; rel="${relation}"`;
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

/** The start of the last page with rows, in steps of `limit` from `offset`, or from 0 when `offset` is past the end. */
function lastPage(limit: number, offset: number, total: number): number {
  if (total === 0) return 0;
  const phase = offset < total ? offset % limit : 0;
  return phase + Math.floor((total - 1 - phase) / limit) * limit;
}
