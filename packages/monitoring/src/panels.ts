import { type Alert, alertsFor, type Limits } from './alerts.ts';
import type { Aggregation } from './condition.ts';
import { FRESHNESS_SECONDS, LATENCY_MS } from './objectives.ts';
import { METRICS, REFUSED, ROUTES, SERVER_ERRORS } from './system.ts';
import { MINUTE } from './units.ts';
import type { ChartWidget, Query, Threshold } from './widgets.ts';

/** What a chart shows: of one service by the label `by`, of a fleet by project. */
interface Panel {
  readonly title: string;
  /** Of the numbers. */
  readonly unit: string;
  readonly filter: string;
  readonly aligner: Aggregation['aligner'];
  readonly reducer: Aggregation['reducer'];
  /** A label, such as `metric.labels.route`; undefined draws one line. */
  readonly by?: string;
  /** Limits of objectives, which are the same in every stack. */
  readonly thresholds?: readonly Threshold[];
  /** Id of the alert whose threshold is drawn, which depends on the settings of a stack. */
  readonly alert?: string;
}

const TEN_MINUTES = 10 * MINUTE;
const HIGHEST = { aligner: 'ALIGN_MAX', reducer: 'REDUCE_MAX' } as const;
const PER_SECOND = { aligner: 'ALIGN_RATE', reducer: 'REDUCE_SUM' } as const;
/** In ten minutes. */
const SUM = { aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' } as const;

const PANELS = {
  requests: {
    title: 'Requests by status class',
    unit: 'requests per second',
    filter: METRICS.requests,
    ...PER_SECOND,
    by: 'metric.labels.response_code_class',
  },
  latency: {
    title: 'Latency: 99th percentile',
    unit: 'seconds',
    filter: METRICS.latency,
    aligner: 'ALIGN_PERCENTILE_99',
    reducer: 'REDUCE_MAX',
    by: 'metric.labels.route',
    thresholds: (['list', 'lookup'] as const).map((route) => ({
      label: `limit of ${ROUTES[route]}`,
      value: LATENCY_MS[route] / 1000,
    })),
  },
  errors: {
    title: 'Errors: 5xx answers',
    unit: 'answers per second',
    filter: SERVER_ERRORS,
    ...PER_SECOND,
  },
  instances: {
    title: 'Saturation: instances',
    unit: 'instances',
    filter: METRICS.instances,
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_SUM',
    by: 'metric.labels.state',
    alert: 'instances-near-maximum',
  },
  published: {
    title: 'Published, by result',
    unit: 'requests per second',
    filter: METRICS.published,
    ...PER_SECOND,
    by: 'metric.labels.response_code',
  },
  refused: {
    title: 'Refused publish requests',
    unit: 'requests in ten minutes',
    filter: REFUSED,
    ...SUM,
    alert: 'publish-refused',
  },
  written: {
    title: 'Written to the table',
    unit: 'messages per second',
    filter: METRICS.written,
    ...PER_SECOND,
  },
  age: {
    title: 'Oldest message not yet written',
    unit: 'seconds',
    filter: METRICS.oldestMessage,
    ...HIGHEST,
    thresholds: [{ label: 'objective', value: FRESHNESS_SECONDS }],
    alert: 'backlog-stuck',
  },
  deadLetters: {
    title: 'Dead letters',
    unit: 'messages in ten minutes',
    filter: METRICS.deadLetters,
    ...SUM,
  },
  oldestDeadLetter: {
    title: 'Oldest dead letter',
    unit: 'seconds',
    filter: METRICS.oldestDeadLetter,
    ...HIGHEST,
    alert: 'dead-letters-expire',
  },
  warnings: {
    title: 'Read: warnings that BigQuery fails',
    unit: 'log lines in ten minutes',
    filter: METRICS.warehouseWarnings,
    ...SUM,
  },
  listBytes: {
    title: 'Lists: billed for one, 99th percentile',
    unit: 'bytes',
    filter: METRICS.listBytes,
    aligner: 'ALIGN_PERCENTILE_99',
    reducer: 'REDUCE_MAX',
    by: 'metric.labels.kind',
  },
  listWindow: {
    title: 'Lists: time between two, 99th percentile',
    unit: 'seconds',
    filter: METRICS.listWindow,
    aligner: 'ALIGN_PERCENTILE_99',
    reducer: 'REDUCE_MAX',
    by: 'metric.labels.kind',
  },
  leftOut: {
    title: 'Lists: records left out',
    unit: 'records in ten minutes',
    filter: METRICS.leftOut,
    ...SUM,
  },
  billed: {
    title: 'Cost: billed by BigQuery',
    unit: 'bytes in ten minutes',
    filter: METRICS.billed,
    ...SUM,
    alert: 'cost-runaway',
  },
} as const satisfies Record<string, Panel>;

export type PanelName = keyof typeof PANELS;

/** The panel with the limits of a stack. */
export function serviceChart(name: PanelName, limits: Limits): ChartWidget {
  const panel: Panel = PANELS[name];
  const alert = alertsFor(limits).find(({ id }) => id === panel.alert);
  return chart(panel, alert ? [thresholdOf(alert)] : [], panel.by);
}

/** The panel with one line per project, of the `worst` ones only. */
export function fleetChart(name: PanelName, worst: number): ChartWidget {
  return chart(PANELS[name], [], 'resource.labels.project_id', worst);
}

/** A sum over another time than the panel's is drawn at the same pace. */
function thresholdOf({ id, condition, severity }: Alert): Threshold {
  if (condition.kind !== 'threshold') throw new TypeError(`${id} compares with no threshold`);
  const { aggregation, threshold } = condition;
  const pace = aggregation?.aligner === 'ALIGN_DELTA' ? TEN_MINUTES / aggregation.alignmentSeconds : 1;
  return { label: severity, value: threshold * pace };
}

function chart(
  { title, unit, filter, aligner, reducer, thresholds = [] }: Panel,
  limits: readonly Threshold[],
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
      thresholds: [...thresholds, ...limits],
      yAxis: { label: unit },
    },
  };
}
