import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };

/** Any character, as a unit of `fc.string`. The own unit `binary` of fast-check lists a million of them first. */
export const codePoint = fc
  .nat(0x10ffff - SURROGATES.count)
  .map((n) => String.fromCodePoint(n < SURROGATES.first ? n : n + SURROGATES.count));
