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

export function time(at: number): string {
  return clock.format(at);
}
