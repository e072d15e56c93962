import type { AlertChange } from '../observe/alerts.ts';
import type { Fault } from './faults.ts';

/** An alert that fired. Seconds since the fault, and since its repair. */
export interface Firing {
  readonly name: string;
  readonly severity: string;
  readonly firedAfter: number;
  /** Undefined while the alert fires. */
  readonly resolvedAfter: number | undefined;
}

/** Collects the changes of alerts since a fault. Times are seconds. */
export class Timeline {
  readonly #faultAt: number;
  readonly #firings = new Map<string, { severity: string; fired: number; resolved: number | undefined }>();
  #repaired: number | undefined;

  constructor(now: number) {
    this.#faultAt = now;
  }

  repaired(now: number): void {
    this.#repaired = now;
  }

  note({ alert: { name, severity }, change }: AlertChange, now: number): void {
    const known = this.#firings.get(name);
    // An alert that fires again counts from its first firing to its last resolution.
    if (change === 'firing')
      this.#firings.set(name, { severity, fired: known?.fired ?? now, resolved: undefined });
    else if (change === 'resolved' && known) known.resolved = now;
  }

  get firings(): Firing[] {
    return Array.from(this.#firings, ([name, { severity, fired, resolved }]) => ({
      name,
      severity,
      firedAfter: fired - this.#faultAt,
      resolvedAfter: resolved === undefined ? undefined : resolved - (this.#repaired ?? this.#faultAt),
    }));
  }

  fired(name: string): boolean {
    return this.#firings.has(name);
  }

  get allResolved(): boolean {
    return this.firings.every(({ resolvedAfter }) => resolvedAfter !== undefined);
  }
}

/** A sentence for each broken expectation. `found`: the output of the runbook's commands. */
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
    ...others.map(({ name }) => `${name} fired without a fault in what it watches`),
    ...open.map(({ name }) => `${name} did not resolve`),
    ...(early ? [`${expected} resolved before the fault was repaired`] : []),
    ...(expectedFiring && !cause.test(found) ? [`the runbook did not find the cause ${cause}`] : []),
  ];
}
