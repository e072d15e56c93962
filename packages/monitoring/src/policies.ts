import { type Alert, alertsFor, type Limits } from './alerts.ts';
import { type BurnRate, CLOUD_BURN_RATES, type Severity } from './burn-rates.ts';
import { type Condition, sumOver, type ThresholdCondition, threshold } from './condition.ts';
import { OBJECTIVES, type Objective } from './objectives.ts';

/** After this long without data an incident closes by itself: `autoClose` of the policies. */
export const AUTO_CLOSE_MINUTES = 30;

/** An alert policy of Cloud Monitoring. It fires when every condition holds. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly runbook: string;
  readonly needs?: Alert['needs'];
  readonly conditions: readonly Condition[];
}

/**
 * Every policy: three burn rates for each objective, and the alerts for what they do not see. `sloName` names the resource of an
 * objective: `projects/P/services/S/serviceLevelObjectives/ID`.
 */
export function policiesFor(
  limits: Limits,
  sloName: (objective: Objective) => string = ({ id }) => id,
): readonly Policy[] {
  return [
    ...OBJECTIVES.flatMap((objective) =>
      CLOUD_BURN_RATES.map((burn) => burnRatePolicy(objective, burn, sloName(objective))),
    ),
    ...alertsFor(limits).map(({ condition, ...alert }) => ({ ...alert, conditions: [condition] })),
  ];
}

/** What the burn-rate alerts of Cloud Monitoring and Prometheus share; an id is like `availability-burns-14.4x`. */
export function burnRateAlert({ id, title, runbook }: Objective, { rate, severity }: BurnRate) {
  return {
    id: `${id}-burns-${rate}x`,
    title: `${title} spends its error budget at ${rate}× the sustainable rate`,
    severity,
    runbook,
  };
}

function burnRatePolicy(objective: Objective, burn: BurnRate, slo: string): Policy {
  const { rate, longSeconds, shortSeconds } = burn;
  const { guard } = objective;
  const burns = (seconds: number): ThresholdCondition =>
    threshold({
      title: `burn rate over ${seconds / 60} minutes above ${rate}`,
      filter: `select_slo_burn_rate("${slo}", "${seconds}s")`,
      threshold: rate,
    });
  const conditions = [burns(longSeconds), burns(shortSeconds)];
  if (guard) {
    const title = `at least ${guard.atLeast} ${guard.of} in ${longSeconds / 60} minutes`;
    const aggregation = sumOver(longSeconds);
    conditions.push(threshold({ title, filter: guard.filter, aggregation, threshold: guard.atLeast - 1 }));
  }
  return { ...burnRateAlert(objective, burn), conditions };
}
