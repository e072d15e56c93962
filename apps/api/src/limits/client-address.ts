import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * The client's address, for limits only: it is never logged. Each trusted proxy appends one address to `X-Forwarded-For`, so
 * counting from the end never reaches what the client wrote itself. Cloud Run is one proxy; its load balancer makes two.
 * https://docs.cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
 */
export function clientAddress({ headers, socket }: IncomingMessage, proxies: number): string {
  const forwarded = headers['x-forwarded-for'];
  const direct = socket.remoteAddress ?? 'unknown';
  if (proxies === 0 || typeof forwarded !== 'string') return network(direct);
  let end = forwarded.length;
  for (let skipped = 1; skipped < proxies; skipped++) {
    end = forwarded.lastIndexOf(',', end - 1);
    if (end < 0) return network(direct);
  }
  return network(forwarded.slice(forwarded.lastIndexOf(',', end - 1) + 1, end).trim() || direct);
}

/** The address, or the first 64 bits of an IPv6 address: one home or server has a whole /64. */
function network(address: string): string {
  if (!address.includes(':')) return address.slice(0, 64);
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address.slice(0, 64);
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
