import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * Who is asking, for limits alone: never logged. Each of our own proxies appends one address to `X-Forwarded-For`, so
 * the entry that the outermost of them wrote is counted from the end, and what a client wrote itself is never reached.
 * One on Cloud Run; two behind the load balancer, which appends its own address after the client's.
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

/** A home or a server has a whole /64 of IPv6 addresses, so that is one caller. */
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
