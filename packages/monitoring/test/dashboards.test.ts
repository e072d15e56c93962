import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  type ChartWidget,
  DEFAULT_LIMITS,
  Distribution,
  FILES,
  linesOf,
  type Series,
  serviceDashboard,
} from '../src/index.ts';
import { badDay } from '../src/render/bad-day.ts';
import { renderChart } from '../src/render/chart.ts';
import { renderDashboards } from '../src/render/dashboards.ts';

describe('the pictures of docs/monitoring; if they were meant to change, renew them: pnpm dashboards --write', () => {
  const pictures = renderDashboards();

  it.each(['service', 'fleet'] as const)('%s.svg is what the script makes', (name) => {
    expect(readFileSync(FILES.dashboards[name], 'utf8')).toBe(pictures[name]);
  });

  it('can tell every panel, and each has a line', () => {
    for (const svg of Object.values(pictures))
      expect(svg).not.toMatch(/Can not be told|Nothing was measured/);
  });
});

const SPAN = { from: 0, to: 4 };

function series(labels: Series['labels'], points: Series['points']): Series {
  return { metric: 'example.com/m', resource: 'global', labels, points };
}

function chartOf(change: object, by: readonly string[] = []): ChartWidget {
  return {
    title: 'example',
    xyChart: {
      dataSets: [
        {
          plotType: 'LINE',
          legendTemplate: by.length > 0 ? `\${${by[0]?.replace('.label.', '.labels.')}}` : 'all',
          timeSeriesQuery: {
            timeSeriesFilter: {
              filter: 'metric.type="example.com/m" AND resource.type="global"',
              aggregation: {
                alignmentPeriod: '120s',
                perSeriesAligner: 'ALIGN_DELTA',
                crossSeriesReducer: 'REDUCE_SUM',
                groupByFields: by,
                ...change,
              },
            },
          },
        },
      ],
      thresholds: [],
      yAxis: { label: 'things' },
    },
  };
}

describe('a chart', () => {
  const values = (change: object, ...all: readonly Series[]) =>
    linesOf(chartOf(change), all, SPAN).map(({ points }) => points.map(({ value }) => value));

  it('has one point per alignment period, and none where nothing was measured', () => {
    const one = series({}, [1, 2, undefined, undefined]);
    expect(values({}, one)).toEqual([[3, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_RATE' }, one)).toEqual([[3 / 120, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_MAX' }, one)).toEqual([[2, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_MEAN' }, one)).toEqual([[1.5, undefined]]);
  });

  it('groups by its labels, and names lines by them', () => {
    const all = ['a', 'b', 'a'].map((label) => series({ 'metric.labels.x': label }, [1, 1, 1, 1]));
    const lines = linesOf(chartOf({}, ['metric.label.x']), all, SPAN);
    expect(lines.map(({ name, highest }) => [name, highest])).toEqual([
      ['a', 4],
      ['b', 2],
    ]);
  });

  it('says in its place why it can not be told, and draws no line', () => {
    const ranks = chartOf({ perSeriesAligner: 'ALIGN_COUNT' });
    const shown = { series: [series({}, [1, 1, 1, 1])], span: SPAN, episodes: [] };
    const svg = renderChart(ranks, shown, 600, 220);
    expect(svg).toContain('Can not be told here: it aligns by ALIGN_COUNT.');
    expect(svg).not.toContain('<path');
  });

  it('of a percentile is told of a histogram of one minute only', () => {
    const minute = new Distribution([1, 2], [50, 50, 0]);
    const change = { alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_PERCENTILE_99' };
    expect(values(change, series({}, [minute, undefined, minute, minute]))).toEqual([
      [1.98, undefined, 1.98, 1.98],
    ]);
    expect(() => values({ ...change, alignmentPeriod: '120s' }, series({}, [minute, minute]))).toThrow(
      'one minute at a time',
    );
  });
});

describe('a histogram', () => {
  it('takes the values of a bucket to be spread evenly, and those above all for the last bound', () => {
    const histogram = new Distribution([1, 2], [2, 6, 2]);
    expect([0.1, 0.2, 0.5, 0.8, 0.99].map((fraction) => histogram.quantile(fraction))).toEqual([
      0.5, 1, 1.5, 2, 2,
    ]);
    expect(new Distribution([1], [0, 0]).quantile(0.5)).toBeUndefined();
  });

  it('says that it can not tell how many are within half of a bucket', () => {
    expect(new Distribution([1, 2], [2, 6, 2]).within(2)).toBe(8);
    expect(() => new Distribution([1, 2], [2, 6, 2]).within(1.5)).toThrow('1.5 is no bound of a bucket');
    expect(() => new Distribution([1, 2], [2, 6])).toThrow(
      '2 counts for 2 bounds: there must be one count more',
    );
  });
});

it('the limits in the charts of a service are those of its stack', () => {
  const thresholdsOf = (title: string) => {
    const { tiles } = serviceDashboard({
      ...DEFAULT_LIMITS,
      maxInstances: 10,
      billedGibPerHour: 60,
    }).mosaicLayout;
    const widget = tiles.find((tile) => tile.widget.title.startsWith(title))?.widget;
    return widget && 'xyChart' in widget ? widget.xyChart.thresholds.map(({ value }) => value) : [];
  };
  expect(thresholdsOf('Saturation')).toEqual([8]);
  expect(thresholdsOf('Cost: ')).toEqual([10 * 1024 ** 3]);
  expect(thresholdsOf('Oldest message')).toEqual([120, 600]);
});

it('the rendered day is refused when a trace that it shows has another name', () => {
  expect(() => badDay([])).toThrow('there is no trace "full outage for 30 minutes"');
});
