import { DEFAULT_LIMITS } from './alerts.ts';
import { cloudSeries } from './evaluate/cloud-series.ts';
import { evaluate } from './evaluate/evaluate.ts';
import { type Policy, policiesFor } from './policies.ts';
import { momentsOf, START, type Trace } from './traces.ts';

/** What an alert does in a trace; minutes. */
export interface Firing {
  readonly alert: string;
  /** Since the trouble began. */
  readonly after: number;
  /** Since the trouble ended; negative when it was over sooner, undefined when it is open at the end. */
  readonly resolved: number | undefined;
}

export interface Trial {
  readonly trace: Trace;
  readonly firings: readonly Firing[];
  /** Should have fired and did not, or too late. */
  readonly missed: readonly string[];
  /** Fired and should not have. */
  readonly falseAlarms: readonly string[];
  readonly cannotTell: Readonly<Record<string, string>>;
}

/** Plays a trace to the policies of Cloud Monitoring. */
export function tryOut(trace: Trace, policies: readonly Policy[] = policiesFor(DEFAULT_LIMITS)): Trial {
  const { minutes, troubleMinutes, visible, fires } = trace;
  const { incidents, cannotTell } = evaluate({
    // The longest wait of an alert is shorter.
    from: START - 60,
    minutes,
    policies,
    series: cloudSeries(momentsOf(trace)),
    ...(visible && { visible }),
  });
  const firings = incidents.map(({ policy, from, until }) => ({
    alert: policy,
    after: from - START,
    resolved: until === undefined ? undefined : until - START - troubleMinutes,
  }));
  return {
    trace,
    firings,
    missed: Object.entries(fires)
      .filter(
        ([alert, latest]) => !firings.some((firing) => firing.alert === alert && firing.after <= latest),
      )
      .map(([alert]) => alert),
    falseAlarms: firings.filter(({ alert }) => !(alert in fires)).map(({ alert }) => alert),
    cannotTell,
  };
}
