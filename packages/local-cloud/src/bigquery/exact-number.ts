/** A JSON number that a JavaScript number does not keep: `9007199254740993`, `1e400`. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** Each number of up to this many digits has a JavaScript number of its own. */
const SAFE_DIGITS = 15;
const UNSAFE_NUMBER = /\d[\d.]{15}|\d[eE][+-]?\d{3}/;

/** Parses JSON without changing a number. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  // A reviver makes the parser several times slower.
  return UNSAFE_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  if (typeof value !== 'number') return value;
  const digits = source.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+/, '');
  return digits.length > SAFE_DIGITS || !Number.isFinite(value) ? new ExactNumber(source) : value;
}

/** The number without an exponent: `1.5e3` is `1500`. Undefined for other text, and beyond 400 digits. */
export function plainDecimal(text: string): string | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '') return undefined;
  const point = whole.length + Number(exponent);
  const digits = `${'0'.repeat(Math.max(0, -point))}${whole}${fraction}`.padEnd(point, '0');
  const at = Math.max(0, point);
  const decimals = digits.slice(at).replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${digits.slice(0, at).replace(/^0+(?=\d)/, '') || '0'}${decimals && `.${decimals}`}`;
}
