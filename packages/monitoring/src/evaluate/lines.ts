import { CannotTell } from '../filter.ts';
import type { ChartWidget, Query } from '../widgets.ts';
import { aggregate, known } from './aggregate.ts';
import type { Series } from './series.ts';

/** Minutes of the series; `to` is excluded. */
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

/** The lines that a chart shows, ranked where its query ranks them. Throws CannotTell. */
export function linesOf({ xyChart }: ChartWidget, all: readonly Series[], { from, to }: Span): Line[] {
  return xyChart.dataSets.flatMap(({ timeSeriesQuery, legendTemplate }) => {
    const { filter, aggregation, pickTimeSeriesFilter } = timeSeriesQuery.timeSeriesFilter;
    const { alignmentPeriod, perSeriesAligner: aligner, crossSeriesReducer: reducer } = aggregation;
    const alignmentSeconds = Number.parseInt(alignmentPeriod, 10);
    const period = alignmentSeconds / 60;
    const count = Math.floor((to - from) / period);
    const ends = Array.from({ length: count }, (_, index) => from + (index + 1) * period);
    const fields = aggregation.groupByFields.map((field) => field.replace('.label.', '.labels.'));
    const groups = aggregate(filter, all, { alignmentSeconds, aligner, reducer }, fields);
    const lines = groups.flatMap(({ labels, at }) => {
      const points = ends.map((minute) => ({ minute, value: at(minute, minute) }));
      const values = known(points.map(({ value }) => value));
      if (values.length === 0) return [];
      const name = legendTemplate.replace(/\$\{([^}]+)\}/g, (_, label: string) => labels[label] ?? '(none)');
      return [{ name, points, highest: Math.max(...values) }];
    });
    return pickTimeSeriesFilter ? picked(lines, pickTimeSeriesFilter) : lines;
  });
}

function picked(
  lines: readonly Line[],
  { rankingMethod, direction, numTimeSeries }: NonNullable<Query['pickTimeSeriesFilter']>,
): Line[] {
  if (rankingMethod !== 'METHOD_MAX') throw new CannotTell(`it ranks by ${rankingMethod}`);
  const sign = direction === 'TOP' ? 1 : -1;
  return lines.toSorted((a, b) => sign * (b.highest - a.highest)).slice(0, numTimeSeries);
}
