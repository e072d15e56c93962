/**
 * A copy in memory of its own, for what is kept: small buffers are parts of a shared one, and those of zlib of one of 64 KB, which stays as
 * long as they do.
 */
export function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
