const groups = new Intl.NumberFormat('en-US');

/** 1234567 as `1,234,567`. */
export function grouped(number: number): string {
  return groups.format(Math.round(number));
}

/** Seconds as `0.42 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${padded(minutes)} min`;
  return minutes > 0 ? `${minutes} min ${padded(rest)} s` : `${rest} s`;
}

/** `3,312/s` */
export function rate(number: number, seconds: number): string {
  return `${grouped(number / Math.max(seconds, 0.001))}/s`;
}

function padded(number: number): string {
  return String(number).padStart(2, '0');
}
