import { type Alert, alertsFor, type Limits } from './alerts.ts';
import { type BurnRate, CLOUD_BURN_RATES, type Severity } from './burn-rates.ts';
import type { Condition, ThresholdCondition } from './condition.ts';
import { OBJECTIVES, type Objective } from './objectives.ts';

/** An alert policy of Cloud Monitoring: it fires when every condition holds. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly runbook: string;
  readonly needs?: Alert['needs'];
  readonly conditions: readonly Condition[];
}

/** Names an objective's resource: `projects/P/services/S/serviceLevelObjectives/ID`. */
export type SloName = (objective: Objective) => string;

/** Every policy: for each objective three burn rates, and the alerts for what they do not see. */
export function policiesFor(limits: Limits, sloName: SloName = ({ id }) => id): readonly Policy[] {
  return [
    ...OBJECTIVES.flatMap((objective) =>
      CLOUD_BURN_RATES.map((burn) => burnRatePolicy(objective, burn, sloName(objective))),
    ),
    ...alertsFor(limits).map(({ condition, ...alert }: Alert) => ({ ...alert, conditions: [condition] })),
  ];
}

/** `availability-burns-14.4x` */
export function burnRateId({ id }: Objective, { rate }: BurnRate): string {
  return `${id}-burns-${rate}x`;
}

function burnRatePolicy(objective: Objective, burn: BurnRate, slo: string): Policy {
  const { rate, longSeconds, shortSeconds, severity } = burn;
  return {
    id: burnRateId(objective, burn),
    title: `${objective.title} burns its budget ${rate} times too fast`,
    severity,
    runbook: objective.runbook,
    conditions: [
      burnCondition(slo, rate, longSeconds),
      burnCondition(slo, rate, shortSeconds),
      ...guardConditions(objective, longSeconds),
    ],
  };
}

function burnCondition(slo: string, rate: number, seconds: number): ThresholdCondition {
  return {
    kind: 'threshold',
    title: `burn rate over ${seconds / 60} minutes above ${rate}`,
    filter: `select_slo_burn_rate("${slo}", "${seconds}s")`,
    comparison: 'COMPARISON_GT',
    threshold: rate,
    durationSeconds: 0,
  };
}

function guardConditions({ guard }: Objective, longSeconds: number): ThresholdCondition[] {
  if (!guard) return [];
  return [
    {
      kind: 'threshold',
      title: `at least ${guard.atLeast} ${guard.of} in ${longSeconds / 60} minutes`,
      filter: guard.filter,
      aggregation: { alignmentSeconds: longSeconds, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' },
      comparison: 'COMPARISON_GT',
      threshold: guard.atLeast - 1,
      durationSeconds: 0,
    },
  ];
}
