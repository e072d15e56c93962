/** Copies bytes that are cached: a small buffer would keep the pool that it is a slice of in memory, a zlib buffer its 64 KB. */
export function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
