import { isIP, isIPv6 } from 'node:net';
import { parse } from 'tldts';
import { computed, FunctionError } from './computed.ts';
import type { FunctionTable } from './table.ts';

/** The host of a URL, as far as the text looks like one. Only spaces of ASCII count. */
function host(url: string): string | null {
  const text = url.replace(/^[ \t-\r]+|[ \t-\r]+$/g, '');
  // Google reads hosts into such text that no server has.
  if (/[ \t-\r\\]/.test(text))
    throw new FunctionError('NET.HOST of this text is not supported by the local BigQuery');
  const [, , authority = ''] = /^(?:([A-Za-z][\w+.-]*:)?\/\/|mailto:)?([^/?#]*)/.exec(text) ?? [];
  const [, address = ''] = /^(?:.*@)?(\[[^\]]*\](?=:|$)|[^:]*)/.exec(authority) ?? [];
  return address === '' ? null : address;
}

/** The end of a URL's host, as written: its public suffix of ICANN, and so many labels before that. */
const endOfHost = (before: 0 | 1) => (url: string) => {
  const [, name = '', dot = ''] = /^\.*(.*?)(\.?)\.*$/.exec(host(url) ?? '') ?? [];
  if (/[。．｡]/.test(name))
    throw new FunctionError('A dot of Unicode in a host is not supported by the local BigQuery');
  const found = parse(name.toLowerCase(), { extractHostname: false, validateHostname: false });
  if (!found.isIcann || !found.publicSuffix) return null;
  const count = found.publicSuffix.split('.').length + before;
  const labels = name.split('.').slice(-count);
  return labels.length === count && labels[0] !== '' ? `${labels.join('.')}${dot}` : null;
};

function ipOf(text: string): Uint8Array | null {
  if (isIP(text) === 4) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return null;
  const withoutV4 = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = withoutV4.split('::');
  const words = (part: string) =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(head), words(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return Uint8Array.from([...first, ...zeros, ...last].flatMap((word) => [word >> 8, word & 255]));
}

function ipFromString(text: string): Uint8Array {
  const ip = ipOf(text);
  if (!ip) throw new FunctionError(`NET.IP_FROM_STRING() encountered an unparseable IP-address: ${text}`);
  return ip;
}

function assertIp(bytes: Uint8Array, name: string): void {
  if (bytes.length !== 4 && bytes.length !== 16)
    throw new FunctionError(`${name}() encountered a non-IP address of ${bytes.length} bytes`);
}

/** The longest run of two zero words or more is `::`, the first one of several. RFC 5952. */
function ipToString(bytes: Uint8Array): string {
  assertIp(bytes, 'NET.IP_TO_STRING');
  if (bytes.length === 4) return bytes.join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const words = Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16));
  const runs = Array.from(`${words.join(':')}:`.matchAll(/(?<![^:])(?:0:){2,}/g), ([run]) => run);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return words.join(':');
  const text = `${words.join(':')}:`.replace(new RegExp(`(?<![^:])${longest}`), '::').replace(/:::?/, '::');
  return text.endsWith('::') ? text : text.slice(0, -1);
}

function mask(length: bigint, prefix: bigint): Uint8Array {
  if (length !== 4n && length !== 16n)
    throw new FunctionError(`The first argument to NET.IP_NET_MASK() must be either 4 or 16; saw ${length}`);
  if (prefix < 0n || prefix > length * 8n)
    throw new FunctionError(
      `The second argument to NET.IP_NET_MASK() must be in the range from 0 to ${length * 8n}; saw ${prefix}`,
    );
  return Uint8Array.from({ length: Number(length) }, (_, index) => {
    const bits = Math.min(8, Math.max(0, Number(prefix) - 8 * index));
    return 256 - 2 ** (8 - bits);
  });
}

function truncated(bytes: Uint8Array, prefix: bigint): Uint8Array {
  assertIp(bytes, 'NET.IP_TRUNC');
  const bits = mask(BigInt(bytes.length), prefix);
  return bytes.map((byte, index) => byte & (bits[index] ?? 0));
}

function toInt64(bytes: Uint8Array): bigint {
  if (bytes.length !== 4)
    throw new FunctionError(`NET.IPV4_TO_INT64() encountered a non-IPv4 address of ${bytes.length} bytes`);
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function fromInt64(value: bigint): Uint8Array {
  if (value < -0x8000_0000n || value > 0xffff_ffffn)
    throw new FunctionError(`NET.IPV4_FROM_INT64() encountered an integer that is no IPv4 address: ${value}`);
  return Uint8Array.from([24n, 16n, 8n, 0n], (shift) => Number((value >> shift) & 255n));
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/net_functions */
export const NET_FUNCTIONS: FunctionTable = {
  'NET.HOST': computed('net_host', 'STRING -> STRING', host),
  'NET.PUBLIC_SUFFIX': computed('net_public_suffix', 'STRING -> STRING', endOfHost(0)),
  'NET.REG_DOMAIN': computed('net_reg_domain', 'STRING -> STRING', endOfHost(1)),
  'NET.IP_FROM_STRING': computed('net_ip_from_string', 'STRING -> BYTES', ipFromString),
  'NET.SAFE_IP_FROM_STRING': computed('net_safe_ip_from_string', 'STRING -> BYTES', ipOf),
  'NET.IP_TO_STRING': computed('net_ip_to_string', 'BYTES -> STRING', ipToString),
  'NET.IP_NET_MASK': computed('net_ip_net_mask', 'INT64, INT64 -> BYTES', mask),
  'NET.IP_TRUNC': computed('net_ip_trunc', 'BYTES, INT64 -> BYTES', truncated),
  'NET.IPV4_TO_INT64': computed('net_ipv4_to_int64', 'BYTES -> INT64', toInt64),
  'NET.IPV4_FROM_INT64': computed('net_ipv4_from_int64', 'INT64 -> BYTES', fromInt64),
};
