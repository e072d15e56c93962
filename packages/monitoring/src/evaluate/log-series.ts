import { CannotTell } from '../filter.ts';
import type { LogMetric } from '../log-metrics.ts';
import { Distribution } from './distribution.ts';
import { fieldOf, type LogEntry, numberOf, selectorOf } from './log-filter.ts';
import type { Series } from './series.ts';

const EXTRACTOR = /^(?:EXTRACT\(([\w.]+)\)|REGEXP_EXTRACT\(([\w.]+), "(.+)"\))$/;

/**
 * The series that a log-based metric makes of a minute's lines: one for each resource and set of labels. Lines that an exclusion keeps
 * out of the log are counted, too. Throws CannotTell.
 */
export function seriesOfLines(metric: LogMetric, lines: readonly LogEntry[]): Series[] {
  const selects = selectorOf(metric.filter);
  const { name, distribution } = metric;
  const groups = Map.groupBy(lines.filter(selects), (line) => JSON.stringify(labelsOf(metric, line)));
  return [...groups].map(([labels, group]) => ({
    labels: { 'metric.type': `logging.googleapis.com/user/${name}`, ...JSON.parse(labels) },
    points: [
      distribution
        ? Distribution.of(
            distribution.bounds,
            group.map((line) => numberOf(extract(distribution.value, line) ?? '')).filter(Number.isFinite),
          )
        : group.length,
    ],
  }));
}

function labelsOf({ distribution }: LogMetric, line: LogEntry): Record<string, string> {
  const ofResource = Object.entries(line.resource.labels).map(([key, value]) => [
    `resource.labels.${key}`,
    value,
  ]);
  const ofMetric = Object.entries(distribution?.labels ?? {}).map(([key, extractor]) => [
    `metric.labels.${key}`,
    String(extract(extractor, line) ?? ''),
  ]);
  return { 'resource.type': line.resource.type, ...Object.fromEntries([...ofResource, ...ofMetric]) };
}

/** https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics#LogMetric */
function extract(extractor: string, line: LogEntry): string | number | undefined {
  const [, field, searched, pattern] = EXTRACTOR.exec(extractor) ?? [];
  if (field !== undefined) return fieldOf(line, field);
  if (searched === undefined || pattern === undefined) throw new CannotTell(`it extracts by ${extractor}`);
  return new RegExp(pattern).exec(String(fieldOf(line, searched) ?? ''))?.[1];
}
