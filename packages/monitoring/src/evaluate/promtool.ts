import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { and, promqlOf } from '../filter.ts';
import {
  looksBackDays,
  prometheusRules,
  prometheusRulesFile,
  type Rule,
  rulesOfMinutes,
} from '../prometheus-rules.ts';
import { ROUTES } from '../system.ts';
import { cloudSeries, good } from './cloud-series.ts';
import type { Series } from './series.ts';
import { type Moment, momentsOf, START } from './traces.ts';
import type { Trial } from './trial.ts';

/** Minutes of history that the paging rules look back to. The tickets' three days have a trace of their own. */
const HISTORY = 6 * 60;
/** Minutes by which Prometheus may be earlier or later than Cloud Monitoring. */
const SLACK = 6;
const GIB = 1024 ** 3;
const REQUESTS = 'http_server_request_duration';

/** The value of PROMTOOL, or `promtool`; undefined where that is not installed. */
export function findPromtool(): string | undefined {
  const command = process.env.PROMTOOL ?? 'promtool';
  return spawnSync(command, ['--version']).status === 0 ? command : undefined;
}

/**
 * Checks the Prometheus rules, and plays the traces and two slow burns to them. A trace must fire what it fires in Cloud
 * Monitoring, at the same time. Traces with late metrics are left out: a scrape is never late.
 */
export function runPromtool(command: string, trials: readonly Trial[]): { passed: boolean; output: string } {
  const files = {
    'rules.yml': prometheusRulesFile(),
    'fast-rules.yml': prometheusRulesFile(rulesOfMinutes()),
    'tickets.yml': testFile('rules.yml', '1h', ticketTests()),
    'traces.yml': testFile(
      'fast-rules.yml',
      '1m',
      trials.filter(({ trace }) => trace.visible === undefined).map(testOf),
    ),
  };
  const folder = mkdtempSync(join(tmpdir(), 'records-rules-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const runs = [
      ['check', 'rules', 'rules.yml'],
      ['test', 'rules', 'tickets.yml'],
      ['test', 'rules', 'traces.yml'],
    ].map((args) => spawnSync(command, args, { cwd: folder, encoding: 'utf8' }));
    return {
      passed: runs.every(({ status }) => status === 0),
      output: runs.map(({ stdout, stderr }) => stdout + stderr).join(''),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
function testFile(rules: string, interval: string, tests: readonly object[]): string {
  const timed = tests.map((test) => ({ interval, ...test }));
  return stringify({ rule_files: [rules], evaluation_interval: interval, tests: timed }, { lineWidth: 0 });
}

/** Days at twice the sustainable rate open a ticket, days at half of it open none. */
function ticketTests() {
  const rules = prometheusRules().filter(({ alert }) => alert.startsWith('availability-'));
  const hourly = (status: number, count: number) =>
    counter(`${REQUESTS}_count{http_response_status_code="${status}"}`, Array(100).fill(count));
  return [2, 0.5].map((rate) => ({
    name: `${rate}× the sustainable rate`,
    input_series: [hourly(200, 36_000), hourly(500, 36 * rate)],
    alert_rule_test: rules.map((rule) => expectation(rule, 99 * 60, rate > 1 && looksBackDays(rule))),
  }));
}

function testOf(trial: Trial) {
  return {
    name: trial.trace.name,
    input_series: inputSeries(momentsOf(trial.trace).slice(START - HISTORY)),
    alert_rule_test: rulesOfMinutes().flatMap((rule) => expectationsOf(rule, trial)),
  };
}

function expectationsOf(rule: Rule, { trace, firings }: Trial) {
  const firing = firings.find(({ alert }) => alert === rule.alert);
  const end = trace.minutes - START;
  const expect = (minute: number, fires: boolean) => expectation(rule, HISTORY + minute, fires);
  if (!firing) {
    const looks = [5, 15, 30, 60, end - 1].filter((minute) => minute < end);
    return looks.map((minute) => expect(minute, false));
  }
  const { after } = firing;
  const resolved = firing.resolved === undefined ? end : trace.troubleMinutes + firing.resolved;
  return [
    ...(after > SLACK ? [expect(after - SLACK, false)] : []),
    ...(after + SLACK < resolved ? [expect(after + SLACK, true)] : []),
    ...(resolved + SLACK < end ? [expect(resolved + SLACK, false)] : []),
  ];
}

function expectation({ alert, labels, annotations }: Rule, minute: number, fires: boolean) {
  return {
    eval_time: `${minute}m`,
    alertname: alert,
    exp_alerts: fires ? [{ exp_labels: labels, exp_annotations: annotations }] : [],
  };
}

/** What Prometheus would have of these minutes: the API's own metrics, and those of Pub/Sub under Google's names. */
function inputSeries(moments: readonly Moment[]) {
  const read = (measure: (moment: Moment) => number) =>
    moments.map((moment) => (moment.missing ? undefined : measure(moment)));
  const requests = (route: string, status: number, measure: (moment: Moment) => number) =>
    counter(`${REQUESTS}_count{http_route="${route}",http_response_status_code="${status}"}`, read(measure));
  const fast = (route: string, le: string) =>
    counter(
      `${REQUESTS}_bucket{http_route="${route}",http_response_status_code="200",le="${le}"}`,
      read((moment) => (good(moment) / 2) * (1 - moment.slow)),
    );
  const pubsub = cloudSeries(moments).flatMap(({ labels, points }) => {
    const name = promqlOf(and(...Object.entries(labels).map(([label, value]) => `${label}="${value}"`)));
    if (!name.startsWith('pubsub')) return [];
    return name.includes('_count{') ? counter(name, points) : gauge(name, points);
  });
  return [
    ...Object.values(ROUTES).map((route) => requests(route, 200, (moment) => good(moment) / 2)),
    fast(ROUTES.list, '0.5'),
    fast(ROUTES.lookup, '2.5'),
    requests('(no route)', 404, ({ clientErrors }) => clientErrors),
    requests(ROUTES.list, 500, ({ serverErrors }) => serverErrors),
    ...pubsub,
    counter(
      'records_warehouse_billed_total',
      read(({ billedGib }) => billedGib * GIB),
    ),
    gauge(
      'records_snapshot_age',
      read(({ snapshotAge }) => snapshotAge),
    ),
  ];
}

function counter(name: string, increments: Series['points']) {
  let total = 0;
  const totals = increments.map((step) => {
    if (step === undefined) return undefined;
    total += Number(step);
    return total;
  });
  return gauge(name, totals);
}

function gauge(series: string, points: Series['points']) {
  return { series, values: points.map((point) => point ?? '_').join(' ') };
}
