import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** An IPv4 address as IPv6 writes it. */
const MAPPED = '::ffff:';

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

/**
 * The address, or the first 64 bits of an IPv6 address: one home or server has a whole /64. Without the port that some proxies
 * append, and the same for every way to write it.
 */
function network(text: string): string {
  if (isIPv4(text)) return text;
  const parsed = isIPv6(text) ? ipv6(text) : SocketAddress.parse(text);
  if (!parsed) return text.slice(0, 64);
  const { address, family } = parsed;
  if (family === 'ipv4') return address;
  if (address.startsWith(MAPPED) && isIPv4(address.slice(MAPPED.length))) return address.slice(MAPPED.length);
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest].slice(0, 4).join(':');
}

/** Without its zone, such as `%eth0`. */
function ipv6(text: string): SocketAddress {
  return new SocketAddress({ address: text.split('%', 1)[0] ?? text, family: 'ipv6' });
}
