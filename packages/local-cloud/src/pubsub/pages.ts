import { CloudError } from '../errors.ts';
import { PAGE_SIZE } from './limits.ts';

export interface PageRequest {
  readonly pageSize?: number | null | undefined;
  readonly pageToken?: string | null | undefined;
}

/**
 * One page of `items`, ordered by key. The token is the page's last key, so it stays valid when items are added or deleted.
 * Throws INVALID_ARGUMENT for a negative size, or a token that no page had.
 */
export function pageOf<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  request: PageRequest,
): { items: T[]; nextPageToken: string } {
  const size = request.pageSize ?? 0;
  if (size < 0)
    throw new CloudError('INVALID_ARGUMENT', `Invalid page_size: ${size}. It must not be negative.`);
  const limit = Math.min(size || PAGE_SIZE.default, PAGE_SIZE.max);
  const after = request.pageToken ? decodeToken(request.pageToken) : undefined;
  const rest = [...items]
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const nextPageToken = rest.length > limit && last ? encodeToken(last.key) : '';
  return { items: page.map(({ item }) => item), nextPageToken };
}

function encodeToken(key: string): string {
  return Buffer.from(JSON.stringify([key])).toString('base64url');
}

function decodeToken(token: string): string {
  try {
    const [key]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof key === 'string' && encodeToken(key) === token) return key;
  } catch {
    // Not a page token of this server: refused below.
  }
  throw new CloudError(
    'INVALID_ARGUMENT',
    `Invalid page_token: ${JSON.stringify(token)}. Send the next_page_token of a page.`,
  );
}
