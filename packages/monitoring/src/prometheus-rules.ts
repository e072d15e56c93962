import { stringify } from 'yaml';
import { type Alert, alertsFor, DEFAULT_LIMITS } from './alerts.ts';
import { type BurnRate, PROMETHEUS_BURN_RATES } from './burn-rates.ts';
import { promqlOf } from './filter.ts';
import { increase, OBJECTIVES, type Objective, tooOld } from './objectives.ts';
import { burnRateAlert } from './policies.ts';
import { REAL_TIME, type TimeLapse } from './time-lapse.ts';
import { MINUTE } from './units.ts';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const LONGEST_WINDOW = Math.max(...PROMETHEUS_BURN_RATES.map(({ longSeconds }) => longSeconds));

/** The same alerts for Prometheus, where it has their metrics. */
export function prometheusRules(time: TimeLapse = REAL_TIME): readonly Rule[] {
  return [
    ...OBJECTIVES.flatMap((objective) =>
      PROMETHEUS_BURN_RATES.map((burn) =>
        ruleOf(burnRateAlert(objective, burn), burnExpression(objective, burn, time)),
      ),
    ),
    ...alertsFor(DEFAULT_LIMITS).flatMap((alert) => thresholdRule(alert, time) ?? []),
  ];
}

export function looksBackDays({ expr }: Rule, time: TimeLapse = REAL_TIME): boolean {
  return expr.includes(`[${time.window(LONGEST_WINDOW)}]`);
}

/** Without the rules that look back days: neither promtool nor a drill has the time for those. */
export function rulesOfMinutes(time: TimeLapse = REAL_TIME): readonly Rule[] {
  return prometheusRules(time).filter((rule) => !looksBackDays(rule, time));
}

export function prometheusRulesFile(
  rules: readonly Rule[] = prometheusRules(),
  time: TimeLapse = REAL_TIME,
): string {
  const groups = [{ name: 'records', interval: time.window(MINUTE), rules: [tooOld(time), ...rules] }];
  const text = stringify({ groups }, { lineWidth: 0 });
  return `# Generated from packages/monitoring/src: pnpm prove alerts --write\n${text}`;
}

function burnExpression({ errorRatio, goal, guard }: Objective, burn: BurnRate, time: TimeLapse): string {
  const [long, short] = [time.window(burn.longSeconds), time.window(burn.shortSeconds)];
  // Without the noise of floating point: 0.001, not 0.0010000000000000009.
  const limit = Number((burn.rate * (1 - goal)).toPrecision(6));
  return [
    `(${errorRatio(long)}) > ${limit}`,
    `(${errorRatio(short)}) > ${limit}`,
    ...(guard ? [`${increase(guard.series, long)} >= ${guard.atLeast}`] : []),
  ].join(' and ');
}

/** The condition in PromQL: a sum of counters, or the highest of some ages. Undefined where Prometheus has no such metric. */
function thresholdRule(alert: Alert, time: TimeLapse): Rule | undefined {
  const { condition, prometheus = {} } = alert;
  if (condition.kind !== 'threshold' || 'noneBecause' in prometheus) return undefined;
  const { aggregation, threshold, durationSeconds } = { ...condition, ...prometheus };
  const series = prometheus.series ?? promqlOf(condition.filter);
  const expression =
    aggregation?.aligner === 'ALIGN_DELTA'
      ? `${increase(series, time.window(aggregation.alignmentSeconds))} > ${threshold}`
      : `max(${series}) > ${time.seconds(threshold)}`;
  return ruleOf(alert, expression, durationSeconds > 0 ? { for: time.window(durationSeconds) } : {});
}

function ruleOf(
  { id, title, severity, runbook }: Pick<Alert, 'id' | 'title' | 'severity' | 'runbook'>,
  expr: string,
  wait: { readonly for?: string } = {},
): Rule {
  return {
    alert: id,
    expr,
    ...wait,
    labels: { severity },
    annotations: { summary: title, runbook: `docs/runbooks/${runbook}.md` },
  };
}
