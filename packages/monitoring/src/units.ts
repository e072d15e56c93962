/** In seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Seconds in the notation of Prometheus, to the millisecond: `90s`, `1h`, `500ms`. */
export function duration(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${Math.max(1, Math.round(seconds * 1_000))}ms`;
  if (seconds % DAY === 0) return `${seconds / DAY}d`;
  if (seconds % HOUR === 0) return `${seconds / HOUR}h`;
  return seconds % MINUTE === 0 ? `${seconds / MINUTE}m` : `${seconds}s`;
}
