/** Copies bytes before they are cached: a small buffer would keep its whole pool in memory, and a zlib buffer its 64 KB. */
export function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
