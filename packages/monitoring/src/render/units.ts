import { DAY, HOUR, MINUTE } from '../units.ts';

/** How the numbers of an axis are written. */
export interface Scale {
  readonly divisor: number;
  readonly label: string;
}

const TIMES: readonly Scale[] = [
  { divisor: DAY, label: 'days' },
  { divisor: HOUR, label: 'hours' },
  { divisor: MINUTE, label: 'minutes' },
];
const SIZES = ['TiB', 'GiB', 'MiB', 'KiB'].map((label, index) => ({ divisor: 1024 ** (4 - index), label }));

/** Bytes by powers of 1024 and seconds by minutes, hours and days, so that the highest is at least 2 of them. */
export function scaleFor(label: string, highest: number): Scale {
  const [unit = '', ...rest] = label.split(' ');
  const larger = { bytes: SIZES, seconds: TIMES }[unit] ?? [];
  const found = larger.find(({ divisor }) => highest >= 2 * divisor);
  return found ? { divisor: found.divisor, label: [found.label, ...rest].join(' ') } : { divisor: 1, label };
}

/** Digits that say something: `1,500`, `16.7`, `0.48`. */
export function written(value: number): string {
  const digits = value >= 1000 ? 4 : value >= 1 ? 3 : 2;
  return value.toLocaleString('en-US', { maximumSignificantDigits: digits });
}
