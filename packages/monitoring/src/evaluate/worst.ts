import type { Dashboard } from '../dashboards.ts';
import { select } from './filter.ts';
import type { Series, Value } from './series.ts';

interface Query {
  readonly filter: string;
  readonly aggregation: { readonly groupByFields: readonly string[] };
  readonly pickTimeSeriesFilter?: { readonly numTimeSeries: number };
}

/** The lines that a chart shows, the highest first: by the label that it groups by, and by their maximum. */
export function linesOf(tile: Dashboard['mosaicLayout']['tiles'][number], all: readonly Series[]): string[] {
  const query = queryOf(tile.widget);
  if (!query) return [];
  const [field = ''] = query.aggregation.groupByFields;
  const label = field.replace('.label.', '.labels.');
  const highest = new Map<string, number>();
  for (const { labels, points } of select(query.filter, all)) {
    const line = labels[label] ?? '';
    highest.set(line, Math.max(highest.get(line) ?? 0, ...points.map(size)));
  }
  const sorted = [...highest].sort(([, a], [, b]) => b - a).map(([line]) => line);
  return sorted.slice(0, query.pickTimeSeriesFilter?.numTimeSeries ?? sorted.length);
}

function queryOf(widget: object): Query | undefined {
  if (!('xyChart' in widget)) return undefined;
  const { dataSets } = widget.xyChart as { dataSets: [{ timeSeriesQuery: { timeSeriesFilter: Query } }] };
  return dataSets[0].timeSeriesQuery.timeSeriesFilter;
}

function size(value: Value | undefined): number {
  if (typeof value === 'object') return value.count - value.within(0.5);
  return Number(value ?? 0);
}
