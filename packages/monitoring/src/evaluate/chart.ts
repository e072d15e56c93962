import type { ChartWidget, DataSet, Query } from '../widgets.ts';
import { Distribution } from './distribution.ts';
import { CannotTell, select } from './filter.ts';
import type { Series, Value } from './series.ts';

/** Minutes of the series, the last one excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Line {
  readonly name: string;
  /** One per alignment period, at its end; undefined where there was no data. */
  readonly points: readonly { readonly minute: number; readonly value: number | undefined }[];
  readonly highest: number;
}

/**
 * The lines that a chart shows, in its own order where it ranks them. Throws CannotTell for what is not known here.
 * https://docs.cloud.google.com/monitoring/api/v3/aggregation
 */
export function linesOf({ xyChart }: ChartWidget, all: readonly Series[], span: Span): Line[] {
  return xyChart.dataSets.flatMap((dataSet) => linesOfQuery(dataSet, all, span));
}

function linesOfQuery(
  { timeSeriesQuery, legendTemplate }: DataSet,
  all: readonly Series[],
  span: Span,
): Line[] {
  const { filter, aggregation, pickTimeSeriesFilter } = timeSeriesQuery.timeSeriesFilter;
  const fields = aggregation.groupByFields.map((field) => field.replace('.label.', '.labels.'));
  const keyOf = ({ labels }: Series) => JSON.stringify(fields.map((field) => labels[field]));
  const groups = [...Map.groupBy(select(filter, all), keyOf).values()];
  const lines = groups.flatMap((group) => {
    const points = reduced(group, aggregation, span);
    const values = points.flatMap(({ value }) => (value === undefined ? [] : [value]));
    if (values.length === 0) return [];
    return [{ name: nameOf(legendTemplate, group[0]), points, highest: Math.max(...values) }];
  });
  return pickTimeSeriesFilter ? picked(lines, pickTimeSeriesFilter) : lines;
}

function picked(lines: readonly Line[], pick: NonNullable<Query['pickTimeSeriesFilter']>): Line[] {
  if (pick.rankingMethod !== 'METHOD_MAX') throw new CannotTell(`it ranks by ${pick.rankingMethod}`);
  const sign = pick.direction === 'TOP' ? 1 : -1;
  return [...lines].sort((a, b) => sign * (b.highest - a.highest)).slice(0, pick.numTimeSeries);
}

function nameOf(template: string, series: Series | undefined): string {
  return template.replace(/\$\{([^}]+)\}/g, (_, label: string) => series?.labels[label] ?? '(none)');
}

function reduced(
  group: readonly Series[],
  aggregation: Query['aggregation'],
  { from, to }: Span,
): Line['points'] {
  const { alignmentPeriod, perSeriesAligner, crossSeriesReducer } = aggregation;
  const period = Number.parseInt(alignmentPeriod, 10) / 60;
  const ends = Array.from(
    { length: Math.floor((to - from) / period) },
    (_, index) => from + (index + 1) * period,
  );
  return ends.map((minute) => {
    const values = group
      .map(({ points }) => points.slice(minute - period, minute).filter((point) => point !== undefined))
      .filter((points) => points.length > 0)
      .map((points) => aligned(points, perSeriesAligner, period))
      .filter((value) => value !== undefined);
    return { minute, value: values.length === 0 ? undefined : reduce(values, crossSeriesReducer) };
  });
}

function aligned(
  points: readonly Value[],
  aligner: Query['aggregation']['perSeriesAligner'],
  minutes: number,
): number | undefined {
  if (aligner === 'ALIGN_PERCENTILE_99') {
    const [only, ...more] = points;
    if (more.length > 0) throw new CannotTell('percentiles are known here of one minute at a time');
    if (!(only instanceof Distribution)) throw new CannotTell('a percentile is asked of a series of numbers');
    return only.quantile(0.99);
  }
  const numbers = points.map((point) => {
    if (typeof point === 'number') return point;
    throw new CannotTell(`${aligner} is asked of a series that has no numbers`);
  });
  const sum = numbers.reduce((total, value) => total + value, 0);
  switch (aligner) {
    case 'ALIGN_RATE':
      return sum / (minutes * 60);
    case 'ALIGN_DELTA':
      return sum;
    case 'ALIGN_MAX':
      return Math.max(...numbers);
    case 'ALIGN_MEAN':
      return sum / numbers.length;
    default:
      throw new CannotTell(`it aligns by ${aligner}`);
  }
}

function reduce(values: readonly number[], reducer: Query['aggregation']['crossSeriesReducer']): number {
  switch (reducer) {
    case 'REDUCE_SUM':
      return values.reduce((total, value) => total + value, 0);
    case 'REDUCE_MAX':
      return Math.max(...values);
    default:
      throw new CannotTell(`it reduces by ${reducer}`);
  }
}
