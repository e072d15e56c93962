import type { Text } from '../text.ts';

export const language: 'en' | 'es' = document.documentElement.lang === 'es' ? 'es' : 'en';

export function t(text: Text): string {
  return text[language];
}

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' });

/** A count, or a rate: with one decimal below 10. */
export function number(value: number): string {
  return (Math.abs(value) < 10 ? short : whole).format(value);
}

/** A count with what it counts: `1 grant`, `2 grants`. */
export function counted(value: number, one: Text, many: Text): string {
  return `${number(value)} ${t(value === 1 ? one : many)}`;
}

export function time(at: number): string {
  return clock.format(at);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes in the largest unit of which it has one. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${number(value / 2 ** (10 * power))} ${UNITS[power]}`;
}

const money = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });

/** A price in US dollars, with two digits of it. */
export function usd(value: number): string {
  return `USD ${money.format(value)}`;
}
