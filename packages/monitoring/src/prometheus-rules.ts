import { stringify } from 'yaml';
import { alertsFor, DEFAULT_LIMITS } from './alerts.ts';
import { type BurnRate, PROMETHEUS_BURN_RATES } from './burn-rates.ts';
import { OBJECTIVES, type Objective, tooOld } from './objectives.ts';
import { burnRateId } from './policies.ts';
import { REAL_TIME, type TimeLapse } from './time-lapse.ts';
import { MINUTE } from './units.ts';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The same alerts for Prometheus, where it has their metrics. */
export function prometheusRules(time: TimeLapse = REAL_TIME): readonly Rule[] {
  const burns = OBJECTIVES.flatMap((objective) =>
    PROMETHEUS_BURN_RATES.map((burn) => burnRateRule(objective, burn, time)),
  );
  const others = alertsFor(DEFAULT_LIMITS).flatMap(({ id, title, severity, runbook, prometheus }) => {
    if (!('expression' in prometheus)) return [];
    const wait = prometheus.forSeconds > 0 ? { for: time.window(prometheus.forSeconds) } : {};
    return [ruleOf(id, prometheus.expression(time), severity, title, runbook, wait)];
  });
  return [...burns, ...others];
}

/** The rules as a file for Prometheus. */
export function prometheusRulesFile(
  rules: readonly Rule[] = prometheusRules(),
  time: TimeLapse = REAL_TIME,
): string {
  const groups = [{ name: 'records', interval: time.window(MINUTE), rules: [tooOld(time), ...rules] }];
  const text = stringify({ groups }, { lineWidth: 0 });
  return `# Generated from packages/monitoring/src: pnpm alerts --write\n${text}`;
}

function burnRateRule(objective: Objective, burn: BurnRate, time: TimeLapse) {
  const { errorRatio, goal, guard } = objective;
  const [long, short] = [time.window(burn.longSeconds), time.window(burn.shortSeconds)];
  // A goal is written with few digits; a budget of 0.0009999999999998899 helps nobody.
  const limit = Number((burn.rate * (1 - goal)).toPrecision(6));
  const expression = [
    `(${errorRatio(long)}) > ${limit}`,
    `(${errorRatio(short)}) > ${limit}`,
    ...(guard ? [`${guard.expression(long)} >= ${guard.atLeast}`] : []),
  ].join(' and ');
  const title = `${objective.title} burns its budget ${burn.rate} times too fast`;
  return ruleOf(burnRateId(objective, burn), expression, burn.severity, title, objective.runbook);
}

function ruleOf(
  alert: string,
  expr: string,
  severity: string,
  summary: string,
  runbook: string,
  wait: { readonly for?: string } = {},
): Rule {
  return {
    alert,
    expr,
    ...wait,
    labels: { severity },
    annotations: { summary, runbook: `docs/runbooks/${runbook}.md` },
  };
}
