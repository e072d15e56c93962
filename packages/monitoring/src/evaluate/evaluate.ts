import { CannotTell } from '../filter.ts';
import { AUTO_CLOSE_MINUTES, type Policy } from '../policies.ts';
import { verdictOf } from './condition.ts';
import type { Series } from './series.ts';

/** An incident, in minutes from the start of the trace. */
interface Incident {
  readonly policy: string;
  readonly from: number;
  /** Undefined when it is still open at the end. */
  readonly until: number | undefined;
}

export interface Evaluation {
  readonly incidents: readonly Incident[];
  /** Reasons by the id of each policy that cannot be evaluated here. */
  readonly cannotTell: Readonly<Record<string, string>>;
}

export interface EvaluateOptions {
  /** The first minute that is evaluated; those before are history. */
  readonly from?: number;
  readonly minutes: number;
  readonly series: readonly Series[];
  readonly policies: readonly Policy[];
  /** The last minute whose points have arrived at `minute`; `minute` itself when absent. */
  readonly visible?: ((minute: number) => number) | undefined;
}

/** Which policies of Cloud Monitoring would open an incident, and when. */
export function evaluate(options: EvaluateOptions): Evaluation {
  const incidents: Incident[] = [];
  const cannotTell: Record<string, string> = {};
  for (const policy of options.policies) {
    try {
      incidents.push(...incidentsOf(policy, options));
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      cannotTell[policy.id] = error.message;
    }
  }
  return { incidents: incidents.sort((a, b) => a.from - b.from), cannotTell };
}

function incidentsOf(
  { id, conditions }: Policy,
  { from: first = 1, minutes, series, visible = (minute) => minute }: EvaluateOptions,
): Incident[] {
  const verdicts = conditions.map((condition) => verdictOf(condition, series));
  const incidents: Incident[] = [];
  let from: number | undefined;
  let withData = 0;
  for (let minute = first; minute <= minutes; minute++) {
    const found = verdicts.map((verdict) => verdict(minute, visible(minute)));
    // Without data an incident stays open until it closes by itself.
    const unknown = !found.includes(false) && found.includes(undefined);
    if (!unknown) withData = minute;
    if (found.every((holds) => holds === true)) from ??= minute;
    else if (from !== undefined && (!unknown || minute - withData >= AUTO_CLOSE_MINUTES)) {
      incidents.push({ policy: id, from, until: minute });
      from = undefined;
    }
  }
  if (from !== undefined) incidents.push({ policy: id, from, until: undefined });
  return incidents;
}
