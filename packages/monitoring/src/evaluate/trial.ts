import { DEFAULT_LIMITS } from '../alerts.ts';
import { type Policy, policiesFor } from '../policies.ts';
import { cloudSeries } from './cloud-series.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import type { Series } from './series.ts';
import { momentsOf, START, type Trace } from './traces.ts';

/** What an alert does in a trace, in minutes. */
interface Firing {
  readonly alert: string;
  /** Since the trouble began. */
  readonly after: number;
  /** Since the trouble ended: negative when it resolved before, undefined when it is still open at the end of the trace. */
  readonly resolved: number | undefined;
}

export interface Trial {
  readonly trace: Trace;
  readonly firings: readonly Firing[];
  /** Alerts that had to fire and did not, or fired too late. */
  readonly missed: readonly string[];
  /** Alerts that fired and must not. */
  readonly falseAlarms: readonly string[];
  readonly cannotTell: Evaluation['cannotTell'];
}

/** Plays a trace to the policies of Cloud Monitoring. */
export function tryOut(trace: Trace, policies?: readonly Policy[]): Trial {
  const { troubleMinutes, fires } = trace;
  const { incidents, cannotTell } = play(trace, cloudSeries(momentsOf(trace)), policies);
  const firings = incidents.map(({ policy, from, until }) => ({
    alert: policy,
    after: from - START,
    resolved: until === undefined ? undefined : until - START - troubleMinutes,
  }));
  return {
    trace,
    firings,
    missed: Object.keys(fires).filter(
      (id) => !firings.some(({ alert, after }) => alert === id && after <= (fires[id] ?? 0)),
    ),
    falseAlarms: firings.filter(({ alert }) => !(alert in fires)).map(({ alert }) => alert),
    cannotTell,
  };
}

/** Plays what Cloud Monitoring has of a trace to its policies. */
export function play(
  { minutes, visible }: Trace,
  series: readonly Series[],
  policies: readonly Policy[] = policiesFor(DEFAULT_LIMITS),
): Evaluation {
  // No alert has to wait longer than the hour before the trouble.
  return evaluate({ from: START - 60, minutes, policies, series, visible });
}
