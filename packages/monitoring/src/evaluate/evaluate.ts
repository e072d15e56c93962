import { OBJECTIVES, type Objective } from '../objectives.ts';
import type { Policy } from '../policies.ts';
import { verdictOf } from './condition.ts';
import { CannotTell } from './filter.ts';
import type { Series } from './series.ts';

/** Minutes after which an incident without data is closed; `autoClose` of the policies. */
export const AUTO_CLOSE_MINUTES = 30;

/** An incident, in minutes from the start of the trace; open to the end when `until` is undefined. */
export interface Incident {
  readonly policy: string;
  readonly from: number;
  readonly until: number | undefined;
}

export interface Evaluation {
  readonly incidents: readonly Incident[];
  /** Policies that can not be evaluated here, and why. */
  readonly cannotTell: Readonly<Record<string, string>>;
}

export interface EvaluateOptions {
  /** The first minute that is evaluated; those before are history. */
  readonly from?: number;
  readonly minutes: number;
  readonly series: readonly Series[];
  readonly policies: readonly Policy[];
  readonly objectives?: readonly Objective[];
  /** Minutes whose points have arrived at `minute`; all of them when absent. */
  readonly visible?: (minute: number) => number;
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
  {
    from: first = 1,
    minutes,
    series,
    objectives = OBJECTIVES,
    visible = (minute) => minute,
  }: EvaluateOptions,
): Incident[] {
  const verdicts = conditions.map((condition) => verdictOf(condition, series, objectives));
  const incidents: Incident[] = [];
  let from: number | undefined;
  let withData = 0;
  for (let minute = first; minute <= minutes; minute++) {
    const found = verdicts.map((verdict) => verdict(minute, visible(minute)));
    // Without data an incident stays open until it is closed by itself.
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
