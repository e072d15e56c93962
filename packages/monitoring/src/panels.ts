import { alertsFor, type Limits } from './alerts.ts';
import { FRESHNESS_SECONDS, LATENCY_MS } from './objectives.ts';
import { filterOf, ROUTES, requestsFilter, SERVICE_LABEL, SYSTEM, subscriptionFilter } from './system.ts';
import { HOUR, MINUTE } from './units.ts';
import type { ChartWidget, Query, Threshold } from './widgets.ts';

/** What a chart shows, of a service by its labels `by`, and of a fleet by project. */
export interface Panel {
  readonly title: string;
  /** Of the numbers. */
  readonly unit: string;
  readonly filter: string;
  readonly aligner: Query['aggregation']['perSeriesAligner'];
  readonly reducer: Query['aggregation']['crossSeriesReducer'];
  /** A label, such as `metric.labels.route`; undefined: one line. */
  readonly by?: string;
  /** What an objective or an alert compares with, whatever a stack is set to. */
  readonly thresholds?: readonly Threshold[];
}

const TEN_MINUTES = 10 * MINUTE;

export const PANELS = {
  requests: {
    title: 'Requests by class of answer',
    unit: 'requests per second',
    filter: requestsFilter(),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    by: 'metric.labels.response_code_class',
  },
  latency: {
    title: 'Latency: 99th percentile',
    unit: 'seconds',
    filter: filterOf(
      `logging.googleapis.com/user/${SYSTEM.latencyMetric}`,
      'cloud_run_revision',
      SERVICE_LABEL,
    ),
    aligner: 'ALIGN_PERCENTILE_99',
    reducer: 'REDUCE_MAX',
    by: 'metric.labels.route',
    thresholds: (['list', 'lookup'] as const).map((route) => ({
      label: `limit of ${ROUTES[route]}`,
      value: LATENCY_MS[route] / 1000,
    })),
  },
  errors: {
    title: 'Errors: answers 5xx',
    unit: 'answers per second',
    filter: requestsFilter('metric.labels.response_code_class="5xx"'),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
  },
  instances: {
    title: 'Saturation: instances',
    unit: 'instances',
    filter: filterOf('run.googleapis.com/container/instance_count', 'cloud_run_revision', SERVICE_LABEL),
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_SUM',
    by: 'metric.labels.state',
  },
  published: {
    title: 'Published, by result',
    unit: 'requests per second',
    filter: filterOf(
      'pubsub.googleapis.com/topic/send_request_count',
      'pubsub_topic',
      `resource.labels.topic_id="${SYSTEM.topic}"`,
    ),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    by: 'metric.labels.response_code',
  },
  refused: {
    title: 'Refused publish requests',
    unit: 'requests in ten minutes',
    filter: filterOf(
      'pubsub.googleapis.com/topic/send_request_count',
      'pubsub_topic',
      `resource.labels.topic_id="${SYSTEM.topic}"`,
      'metric.labels.response_code!="success"',
    ),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
  written: {
    title: 'Written to the table',
    unit: 'messages per second',
    filter: subscriptionFilter('ack_message_count'),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
  },
  age: {
    title: 'Oldest message that waits',
    unit: 'seconds',
    filter: subscriptionFilter('oldest_unacked_message_age'),
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_MAX',
    thresholds: [{ label: 'objective', value: FRESHNESS_SECONDS }],
  },
  deadLetters: {
    title: 'Dead letters',
    unit: 'messages in ten minutes',
    filter: subscriptionFilter('dead_letter_message_count'),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
  oldestDeadLetter: {
    title: 'Oldest dead letter',
    unit: 'seconds',
    filter: filterOf(
      'pubsub.googleapis.com/subscription/oldest_unacked_message_age',
      'pubsub_subscription',
      `resource.labels.subscription_id="${SYSTEM.deadLetterSubscription}"`,
    ),
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_MAX',
  },
  warnings: {
    title: 'Read: warnings that BigQuery fails',
    unit: 'lines in ten minutes',
    filter: filterOf(
      `logging.googleapis.com/user/${SYSTEM.warehouseMetric}`,
      'cloud_run_revision',
      SERVICE_LABEL,
    ),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
  billed: {
    title: 'Cost: billed by BigQuery',
    unit: 'bytes in ten minutes',
    filter: filterOf('bigquery.googleapis.com/query/scanned_bytes_billed', 'global'),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
} as const satisfies Record<string, Panel>;

/** What alerts of this stack compare with; those of an hour are drawn at the same pace in ten minutes. */
export function limitsOf(limits: Limits): Partial<Record<keyof typeof PANELS, readonly Threshold[]>> {
  const thresholdOf = (wanted: string): number => {
    const alert = alertsFor(limits).find(({ id }) => id === wanted);
    if (alert?.condition.kind !== 'threshold')
      throw new Error(`there is no alert ${wanted} with a threshold`);
    return alert.condition.threshold;
  };
  return {
    age: [{ label: 'page', value: thresholdOf('backlog-stuck') }],
    instances: [{ label: 'ticket', value: thresholdOf('instances-near-maximum') }],
    billed: [{ label: "the page's pace", value: thresholdOf('cost-runaway') * (TEN_MINUTES / HOUR) }],
    refused: [{ label: 'ticket', value: thresholdOf('publish-refused') }],
    oldestDeadLetter: [{ label: 'page', value: thresholdOf('dead-letters-expire') }],
  };
}

export function chart(
  { title, unit, filter, aligner, reducer }: Panel,
  thresholds: readonly Threshold[],
  by: string | undefined,
  worst?: number,
): ChartWidget {
  const timeSeriesFilter: Query = {
    filter,
    aggregation: {
      alignmentPeriod: `${aligner === 'ALIGN_DELTA' ? TEN_MINUTES : MINUTE}s`,
      perSeriesAligner: aligner,
      crossSeriesReducer: reducer,
      groupByFields: by === undefined ? [] : [by.replace('.labels.', '.label.')],
    },
    ...(worst !== undefined && {
      pickTimeSeriesFilter: { rankingMethod: 'METHOD_MAX', numTimeSeries: worst, direction: 'TOP' },
    }),
  };
  const legendTemplate = by === undefined ? title : `\${${by}}`;
  return {
    title,
    xyChart: {
      dataSets: [{ plotType: 'LINE', legendTemplate, timeSeriesQuery: { timeSeriesFilter } }],
      thresholds,
      yAxis: { label: unit },
    },
  };
}
