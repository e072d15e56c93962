import { stringify } from 'yaml';
import { PROMETHEUS_BURN_RATES } from './burn-rates.ts';
import { prometheusRules, type Rule } from './prometheus-rules.ts';
import { promqlName, ROUTES, SYSTEM } from './system.ts';
import { REAL_TIME } from './time-lapse.ts';
import { type Moment, momentsOf, START, type Trace } from './traces.ts';
import type { Trial } from './trial.ts';

/** History that the rules which page look back to. The tickets' three days are tried out on a trace of their own. */
const HISTORY = 6 * 60;
/** Minutes by which Prometheus may be earlier or later than Cloud Monitoring. */
const SLACK = 6;
const GIB = 1024 ** 3;
const LONGEST_WINDOW = Math.max(...PROMETHEUS_BURN_RATES.map(({ longSeconds }) => longSeconds));

function looksBackDays({ expr }: Rule, time = REAL_TIME): boolean {
  return expr.includes(`[${time.window(LONGEST_WINDOW)}]`);
}

/** Without the rules that look back days: neither promtool nor a drill has the time for them. */
export function rulesOfMinutes(time = REAL_TIME): readonly Rule[] {
  return prometheusRules(time).filter((rule) => !looksBackDays(rule, time));
}

/** A test file for `promtool test rules`: each trace fires what it fires in Cloud Monitoring, at the same time. */
export function promtoolTests(trials: readonly Trial[], rulesFile: string): string {
  const rules = rulesOfMinutes();
  const tests = trials.map((trial) => ({
    name: trial.trace.name,
    interval: '1m',
    input_series: inputSeries(momentsOf(trial.trace).slice(START - HISTORY)),
    alert_rule_test: rules.flatMap((rule) => expectationsOf(rule, trial)),
  }));
  return stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests }, { lineWidth: 0 });
}

/** The tickets: at twice the budget's pace for days one is opened, at half of it none is. */
export function promtoolTicketTests(rulesFile: string): string {
  const hour = 60;
  const tests = [2, 0.5].map((pace) => ({
    name: `${pace} times the budget`,
    interval: '1h',
    input_series: [
      series(
        'http_server_request_duration_count{http_response_status_code="200"}',
        counter(Array(100).fill(36_000)),
      ),
      series(
        'http_server_request_duration_count{http_response_status_code="500"}',
        counter(Array(100).fill(36 * pace)),
      ),
    ],
    alert_rule_test: prometheusRules()
      .filter(({ alert }) => alert.startsWith('availability-'))
      .map((rule) => expectation(rule, 99 * hour, pace > 1 && looksBackDays(rule))),
  }));
  return stringify({ rule_files: [rulesFile], evaluation_interval: '1h', tests }, { lineWidth: 0 });
}

function expectationsOf(rule: Rule, { trace, firings }: Trial) {
  const offset = HISTORY;
  const firing = firings.find(({ alert }) => alert === rule.alert);
  const end = trace.minutes - START;
  if (!firing) {
    const looks = [5, 15, 30, 60, end - 1].filter((minute) => minute < end);
    return looks.map((minute) => expectation(rule, offset + minute, false));
  }
  const resolved = firing.resolved === undefined ? end : trace.troubleMinutes + firing.resolved;
  return [
    ...(firing.after > SLACK ? [expectation(rule, offset + firing.after - SLACK, false)] : []),
    ...(firing.after + SLACK < resolved ? [expectation(rule, offset + firing.after + SLACK, true)] : []),
    ...(resolved + SLACK < end ? [expectation(rule, offset + resolved + SLACK, false)] : []),
  ];
}

function expectation({ alert, labels, annotations }: Rule, minute: number, fires: boolean) {
  return {
    eval_time: `${minute}m`,
    alertname: alert,
    exp_alerts: fires ? [{ exp_labels: labels, exp_annotations: annotations }] : [],
  };
}

function inputSeries(moments: readonly Moment[]) {
  const requests = (route: string, status: number, measure: (moment: Moment) => number) =>
    series(
      `http_server_request_duration_count{http_route="${route}",http_response_status_code="${status}"}`,
      counter(read(moments, measure)),
    );
  const fast = (route: string, le: string) =>
    series(
      `http_server_request_duration_bucket{http_route="${route}",http_response_status_code="200",le="${le}"}`,
      counter(read(moments, (moment) => (good(moment) / 2) * (1 - moment.slow))),
    );
  const ofSubscription = (metric: string, values: string, subscription: string = SYSTEM.subscription) =>
    series(
      `${promqlName(`pubsub.googleapis.com/subscription/${metric}`)}{subscription_id="${subscription}"}`,
      values,
    );
  const refused = `topic_id="${SYSTEM.topic}",response_code="invalid_argument"`;
  return [
    ...Object.values(ROUTES).map((route) => requests(route, 200, (moment) => good(moment) / 2)),
    fast(ROUTES.list, '0.5'),
    fast(ROUTES.lookup, '2.5'),
    requests('(no route)', 404, ({ clientErrors }) => clientErrors),
    requests(ROUTES.list, 500, ({ serverErrors }) => serverErrors),
    ofSubscription('oldest_unacked_message_age', gauge(read(moments, ({ oldestMessage }) => oldestMessage))),
    ofSubscription(
      'oldest_unacked_message_age',
      gauge(read(moments, ({ oldestDeadLetter }) => oldestDeadLetter)),
      SYSTEM.deadLetterSubscription,
    ),
    ofSubscription('dead_letter_message_count', counter(read(moments, ({ deadLetters }) => deadLetters))),
    ofSubscription(
      'ack_message_count',
      counter(read(moments, ({ published, deadLetters }) => published - deadLetters)),
    ),
    series(
      `${promqlName('pubsub.googleapis.com/topic/send_request_count')}{${refused}}`,
      counter(read(moments, (moment) => moment.refused)),
    ),
    series('records_warehouse_billed_total', counter(read(moments, ({ billedGib }) => billedGib * GIB))),
    series('records_snapshot_age', gauge(read(moments, ({ snapshotAge }) => snapshotAge))),
  ];
}

function good({ requests, clientErrors, serverErrors }: Moment): number {
  return Math.max(0, requests - clientErrors - serverErrors);
}

function read(moments: readonly Moment[], measure: (moment: Moment) => number): (number | undefined)[] {
  return moments.map((moment) => (moment.missing ? undefined : measure(moment)));
}

function series(name: string, values: string) {
  return { series: name, values };
}

/** The notation of promtool: `a+bxn` is a, and n more that are b apart. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
function counter(increments: readonly (number | undefined)[]): string {
  let total = 0;
  return runs(increments)
    .map(([step, length]) => {
      if (step === undefined) return `_x${length}`;
      const from = total + step;
      total += step * length;
      return `${from}+${step}x${length - 1}`;
    })
    .join(' ');
}

function gauge(values: readonly (number | undefined)[]): string {
  return runs(values)
    .map(([value, length]) => (value === undefined ? `_x${length}` : `${value}+0x${length - 1}`))
    .join(' ');
}

function runs<T>(values: readonly T[]): [value: T, length: number][] {
  const found: [T, number][] = [];
  for (const value of values) {
    const last = found.at(-1);
    if (last && last[0] === value) last[1]++;
    else found.push([value, 1]);
  }
  return found;
}

/** The traces that promtool plays: late metrics are Cloud Monitoring's own, a scrape is never late. */
export function playable({ visible }: Trace): boolean {
  return visible === undefined;
}
