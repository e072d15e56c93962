export { type Alert, alertsFor, DEFAULT_LIMITS, type Limits } from './alerts.ts';
export * from './burn-rates.ts';
export type { Condition, LogCondition, ThresholdCondition } from './condition.ts';
export { FIRST_SCREEN, fleetDashboard, serviceDashboard, WORST } from './dashboards.ts';
export { renewTables, runbookNames, TABLES } from './documents.ts';
export { type Line, linesOf, type Span } from './evaluate/chart.ts';
export { cloudSeries } from './evaluate/cloud-series.ts';
export { Distribution } from './evaluate/distribution.ts';
export {
  AUTO_CLOSE_MINUTES,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type Incident,
} from './evaluate/evaluate.ts';
export { CannotTell, select } from './evaluate/filter.ts';
export type { Series } from './evaluate/series.ts';
export { FILES } from './files.ts';
export { fleetSeries, systemName } from './fleet.ts';
export { type FleetTrial, SICK, tryFleet } from './fleet-trial.ts';
export { LOG_METRICS, type LogMetric } from './log-metrics.ts';
export { checkObjective, errorBudget, OBJECTIVES, type Objective } from './objectives.ts';
export { togetherAvailable } from './parts.ts';
export { type Policy, policiesFor, type SloName } from './policies.ts';
export { prometheusRules, prometheusRulesFile, type Rule } from './prometheus-rules.ts';
export { findPromtool, runPromtool } from './promtool.ts';
export { playable, promtoolTests, promtoolTicketTests, rulesOfMinutes } from './promtool-tests.ts';
export { renderFleet, renderTrials } from './report.ts';
export { ROUTES, SERVICE_LABEL, SYSTEM } from './system.ts';
export { REAL_TIME, TimeLapse } from './time-lapse.ts';
export { momentsOf, START, TRACES, type Trace } from './traces.ts';
export { type Firing, type Trial, tryOut } from './trial.ts';
export type { ChartWidget, Dashboard, Tile, Widget } from './widgets.ts';
