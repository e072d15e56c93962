import type { AlertChange } from '../../src/observe/alerts.ts';
import type { Fault } from './faults.ts';

/** An alert that fired: seconds since the fault, and since it was mended. */
export interface Firing {
  readonly name: string;
  readonly severity: string;
  readonly firedAfter: number;
  /** Undefined while it fires. */
  readonly resolvedAfter: number | undefined;
}

/** Collects what alerts do from the moment that something broke. Seconds. */
export class Timeline {
  readonly #broken: number;
  readonly #firings = new Map<string, { severity: string; fired: number; resolved: number | undefined }>();
  #mended: number | undefined;

  constructor(now: number) {
    this.#broken = now;
  }

  mended(now: number): void {
    this.#mended = now;
  }

  note({ alert: { name, severity }, change }: AlertChange, now: number): void {
    const known = this.#firings.get(name);
    // What fires again counts from the first time, and until the last.
    if (change === 'firing')
      this.#firings.set(name, { severity, fired: known?.fired ?? now, resolved: undefined });
    else if (change === 'resolved' && known) known.resolved = now;
  }

  get firings(): Firing[] {
    return Array.from(this.#firings, ([name, { severity, fired, resolved }]) => ({
      name,
      severity,
      firedAfter: fired - this.#broken,
      resolvedAfter: resolved === undefined ? undefined : resolved - (this.#mended ?? this.#broken),
    }));
  }

  fired(name: string): boolean {
    return this.#firings.has(name);
  }

  get allResolved(): boolean {
    return this.firings.every(({ resolvedAfter }) => resolvedAfter !== undefined);
  }
}

/** What was not as it must be; empty when all of it was. `found` is what the runbook's commands printed. */
export function problemsOf(
  { expected, alongside, cause }: Fault,
  firings: readonly Firing[],
  found: string,
): string[] {
  const expectedFiring = firings.find(({ name }) => name === expected);
  const others = firings.filter(({ name }) => name !== expected && !alongside.test(name));
  const open = firings.filter(({ resolvedAfter }) => resolvedAfter === undefined);
  const early = expectedFiring?.resolvedAfter !== undefined && expectedFiring.resolvedAfter < 0;
  return [
    ...(expectedFiring ? [] : [`${expected} did not fire`]),
    ...others.map(({ name }) => `${name} fired, and nothing was wrong with what it watches`),
    ...open.map(({ name }) => `${name} did not resolve`),
    ...(early ? [`${expected} resolved before the fault was mended`] : []),
    ...(expectedFiring && !cause.test(found) ? [`the runbook did not find the cause: no ${cause}`] : []),
  ];
}
