import { describe, expect, it } from '@jest/globals';
import { Distribution, linesOf, type Series } from '../src/evaluate/index.ts';
import { type ChartWidget, DEFAULT_LIMITS, serviceDashboard } from '../src/index.ts';

const SPAN = { from: 0, to: 4 };

function series(labels: Series['labels'], points: Series['points']): Series {
  return { labels: { 'metric.type': 'example.com/m', 'resource.type': 'global', ...labels }, points };
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

describe('the lines of a chart', () => {
  const values = (change: object, ...all: readonly Series[]) =>
    linesOf(chartOf(change), all, SPAN).map(({ points }) => points.map(({ value }) => value));

  it('have one point per alignment period, and none where nothing was measured', () => {
    const one = series({}, [1, 2, undefined, undefined]);
    expect(values({}, one)).toEqual([[3, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_RATE' }, one)).toEqual([[3 / 120, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_MAX' }, one)).toEqual([[2, undefined]]);
    expect(values({ perSeriesAligner: 'ALIGN_MEAN' }, one)).toEqual([[1.5, undefined]]);
  });

  it('are grouped by labels, and named by them', () => {
    const all = ['a', 'b', 'a'].map((label) => series({ 'metric.labels.x': label }, [1, 1, 1, 1]));
    const lines = linesOf(chartOf({}, ['metric.label.x']), all, SPAN);
    expect(lines.map(({ name, highest }) => [name, highest])).toEqual([
      ['a', 4],
      ['b', 2],
    ]);
  });

  it('cannot be told by an aligner or a reducer that is not known', () => {
    const one = series({}, [1, 1, 1, 1]);
    expect(() => values({ perSeriesAligner: 'ALIGN_COUNT' }, one)).toThrow('it aligns by ALIGN_COUNT');
    expect(() => values({ crossSeriesReducer: 'REDUCE_MEAN' }, one)).toThrow('it reduces by REDUCE_MEAN');
  });

  it('show percentiles of one minute only', () => {
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
  it('spreads values evenly over their bucket, and takes those above all bounds for the last bound', () => {
    const histogram = new Distribution([1, 2], [2, 6, 2]);
    expect([0.1, 0.2, 0.5, 0.8, 0.99].map((fraction) => histogram.quantile(fraction))).toEqual([
      0.5, 1, 1.5, 2, 2,
    ]);
    expect(new Distribution([1], [0, 0]).quantile(0.5)).toBeUndefined();
  });

  it('refuses to count the values in a part of a bucket', () => {
    expect(new Distribution([1, 2], [2, 6, 2]).within(2)).toBe(8);
    expect(() => new Distribution([1, 2], [2, 6, 2]).within(1.5)).toThrow('1.5 is not the bound of a bucket');
    expect(() => new Distribution([1, 2], [2, 6])).toThrow('2 bounds need 3 counts, not 2');
  });
});

it('the limits in the charts of a service follow the settings of its stack', () => {
  const { tiles } = serviceDashboard({
    ...DEFAULT_LIMITS,
    maxInstances: 10,
    billedGibPerHour: 60,
  }).mosaicLayout;
  const thresholdsOf = (title: string) => {
    const widget = tiles.find((tile) => tile.widget.title.startsWith(title))?.widget;
    return widget && 'xyChart' in widget ? widget.xyChart.thresholds.map(({ value }) => value) : [];
  };
  expect(thresholdsOf('Saturation')).toEqual([8]);
  expect(thresholdsOf('Cost: ')).toEqual([10 * 1024 ** 3]);
  expect(thresholdsOf('Oldest message')).toEqual([120, 600]);
});

it('the dashboard of a service has a panel for each golden signal, the pipeline and the cost', () => {
  const titles = serviceDashboard().mosaicLayout.tiles.map(({ widget }) => widget.title);
  for (const part of ['Requests', 'Latency', 'Errors', 'Saturation']) {
    expect(titles).toContainEqual(expect.stringContaining(part));
  }
  for (const part of ['Published', 'Written', 'Oldest message', 'Dead letters', 'Read', 'Cost']) {
    expect(titles).toContainEqual(expect.stringContaining(part));
  }
});
