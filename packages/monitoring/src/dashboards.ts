import { alertsFor, DEFAULT_LIMITS } from './alerts.ts';
import { OBJECTIVES } from './objectives.ts';
import { filterOf, requestsFilter, SERVICE_LABEL, SYSTEM, subscriptionFilter } from './system.ts';

/** https://docs.cloud.google.com/monitoring/api/ref_dashboards/rest/v1/projects.dashboards */
export interface Dashboard {
  readonly displayName: string;
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

interface Tile {
  readonly xPos: number;
  readonly yPos: number;
  readonly width: number;
  readonly height: number;
  readonly widget: object;
}

type Aligner = 'ALIGN_RATE' | 'ALIGN_DELTA' | 'ALIGN_MAX' | 'ALIGN_MEAN' | 'ALIGN_PERCENTILE_99';
type Reducer = 'REDUCE_SUM' | 'REDUCE_MAX' | 'REDUCE_MEAN';

interface Panel {
  readonly title: string;
  readonly filter: string;
  readonly aligner: Aligner;
  readonly reducer: Reducer;
  readonly by?: readonly string[];
}

const COLUMNS = 12;
const HEIGHT = 4;
/** Systems that a panel of the fleet shows: the worst ones. */
export const WORST = 10;

const PANELS = {
  requests: {
    title: 'Requests per second, by class of answer',
    filter: requestsFilter(),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    by: ['metric.label.response_code_class'],
  },
  latency: {
    title: '99th percentile of seconds, by route',
    filter: filterOf(
      `logging.googleapis.com/user/${SYSTEM.latencyMetric}`,
      'cloud_run_revision',
      SERVICE_LABEL,
    ),
    aligner: 'ALIGN_PERCENTILE_99',
    reducer: 'REDUCE_MAX',
    by: ['metric.label.route'],
  },
  errors: {
    title: 'Answers 5xx per second',
    filter: requestsFilter('metric.labels.response_code_class="5xx"'),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
  },
  instances: {
    title: 'Instances',
    filter: filterOf('run.googleapis.com/container/instance_count', 'cloud_run_revision', SERVICE_LABEL),
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_SUM',
    by: ['metric.label.state'],
  },
  published: {
    title: 'Publish requests per second, by result',
    filter: filterOf(
      'pubsub.googleapis.com/topic/send_request_count',
      'pubsub_topic',
      `resource.labels.topic_id="${SYSTEM.topic}"`,
    ),
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    by: ['metric.label.response_code'],
  },
  age: {
    title: 'Seconds that the oldest message waits',
    filter: subscriptionFilter('oldest_unacked_message_age'),
    aligner: 'ALIGN_MAX',
    reducer: 'REDUCE_MAX',
  },
  deadLetters: {
    title: 'Dead letters in ten minutes',
    filter: subscriptionFilter('dead_letter_message_count'),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
  billed: {
    title: 'Bytes billed in ten minutes',
    filter: filterOf('bigquery.googleapis.com/query/scanned_bytes_billed', 'global'),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_SUM',
  },
} as const satisfies Record<string, Panel>;

/** Golden signals, the pipeline from publish to read, and cost. */
export function serviceDashboard(): Dashboard {
  return {
    displayName: 'Records: service',
    mosaicLayout: mosaic([
      ...Object.values(PANELS).map((panel: Panel) => chart(panel.title, panel, panel.by ?? [])),
      text(
        'Alerts',
        alertsFor(DEFAULT_LIMITS).map(({ title, runbook }) => `* ${title}: docs/runbooks/${runbook}.md`),
      ),
    ]),
  };
}

/**
 * All systems of a metrics scope at once: one line per project, the worst ones only, so neither panels nor lines grow with
 * the number of systems. https://docs.cloud.google.com/monitoring/settings
 */
export function fleetDashboard(): Dashboard {
  const { errors, latency, age, deadLetters, billed, instances } = PANELS;
  const panels: readonly Panel[] = [errors, age, deadLetters, latency, billed, instances];
  return {
    displayName: 'Records: fleet, the worst first',
    mosaicLayout: mosaic([
      ...panels.map((panel) =>
        chart(`${panel.title}: the worst ${WORST} systems`, panel, ['resource.label.project_id'], WORST),
      ),
      text(
        'Objectives',
        OBJECTIVES.map(({ title, goal }) => `* ${title}: ${Number((goal * 100).toFixed(3))} %`),
      ),
    ]),
  };
}

function chart(
  title: string,
  { filter, aligner, reducer }: Panel,
  by: readonly string[],
  worst?: number,
): object {
  const alignmentPeriod = aligner === 'ALIGN_DELTA' ? '600s' : '60s';
  const timeSeriesFilter = {
    filter,
    aggregation: {
      alignmentPeriod,
      perSeriesAligner: aligner,
      crossSeriesReducer: reducer,
      groupByFields: by,
    },
    ...(worst && {
      pickTimeSeriesFilter: { rankingMethod: 'METHOD_MAX', numTimeSeries: worst, direction: 'TOP' },
    }),
  };
  return { title, xyChart: { dataSets: [{ plotType: 'LINE', timeSeriesQuery: { timeSeriesFilter } }] } };
}

function text(title: string, lines: readonly string[]): object {
  return { title, text: { format: 'MARKDOWN', content: lines.join('\n') } };
}

function mosaic(widgets: readonly object[]): Dashboard['mosaicLayout'] {
  const width = COLUMNS / 2;
  const tiles = widgets.map((widget, index) => ({
    xPos: (index % 2) * width,
    yPos: Math.floor(index / 2) * HEIGHT,
    width,
    height: HEIGHT,
    widget,
  }));
  return { columns: COLUMNS, tiles };
}
