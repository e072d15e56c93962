import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { type Line, linesOf, type Span } from '../evaluate/chart.ts';
import { CannotTell } from '../evaluate/filter.ts';
import type { Series } from '../evaluate/series.ts';
import type { ChartWidget, Threshold } from '../widgets.ts';
import type { Episode } from './bad-day.ts';
import { COLOURS, PALETTE, rect, rule, text, widthOf } from './svg.ts';
import { type Scale, scaleFor, written } from './units.ts';

export interface Shown {
  readonly series: readonly Series[];
  readonly span: Span;
  readonly episodes: readonly Episode[];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Axes {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly scale: Scale;
  readonly box: Box;
}

const SMALL = 11;
/** A line along the upper edge would look cut. */
const HEADROOM = 1.05;
const DASHES = ['7 4', '2 3', '9 3 2 3'];

/** A chart in a card of this size: what the widget's own query finds in the series, or why nothing can be said. */
export function renderChart(
  widget: ChartWidget,
  { series, span, episodes }: Shown,
  width: number,
  height: number,
): string {
  const { title, xyChart } = widget;
  const isRanked = xyChart.dataSets.some(
    ({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.pickTimeSeriesFilter,
  );
  const isGrouped = xyChart.dataSets.some(
    ({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.aggregation.groupByFields.length > 0,
  );
  const box: Box = { left: 56, right: width - (isRanked ? 150 : 20), top: 68, bottom: height - 54 };
  try {
    const lines = linesOf(widget, series, span);
    const highest = Math.max(
      0,
      ...lines.map((found) => found.highest),
      ...xyChart.thresholds.map(({ value }) => value),
    );
    const scale = scaleFor(xyChart.yAxis.label, highest);
    const y = scaleLinear([0, (highest / scale.divisor) * HEADROOM || 1], [box.bottom, box.top]).nice(4);
    const axes: Axes = { x: scaleLinear([span.from, span.to], [box.left, box.right]), y, scale, box };
    return [
      heading(title, scale.label),
      background(axes, span, episodes),
      ...thresholdsOf(axes, xyChart.thresholds),
      ...linesIn(axes, lines, isRanked),
      ...(isRanked ? ranking(axes, lines, width) : []),
      ...legend(axes, isRanked || !isGrouped ? [] : lines, xyChart.thresholds, height),
      lines.length === 0 ? centred(box, 'Nothing was measured.') : '',
    ].join('');
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return (
      heading(title, xyChart.yAxis.label) +
      centred({ ...box, right: width - 18 }, `Can not be told here: ${error.message}.`)
    );
  }
}

function heading(title: string, unit: string): string {
  return (
    text(16, 25, title, { size: 14, weight: 600 }) +
    text(16, 42, unit, { size: SMALL, colour: COLOURS.muted })
  );
}

function centred({ left, right, top, bottom }: Box, message: string): string {
  return text((left + right) / 2, (top + bottom) / 2, message, { colour: COLOURS.muted, anchor: 'middle' });
}

function background({ x, y, box }: Axes, { from, to }: Span, episodes: readonly Episode[]): string {
  const hour = 60;
  const step = box.right - box.left > 300 ? 1 : 3;
  const hours = Array.from(
    { length: Math.floor((to - from) / (step * hour)) + 1 },
    (_, index) => step * index,
  );
  const grey = { size: SMALL, colour: COLOURS.muted };
  return [
    ...episodes.map(({ from: start, to: end }, index) => {
      const [left, right] = [x(start), x(end)];
      const number = text((left + right) / 2, box.top - 4, `${index + 1}`, {
        ...grey,
        size: 10,
        anchor: 'middle',
      });
      return rect(left, box.top, right - left, box.bottom - box.top, `fill="${COLOURS.episode}"`) + number;
    }),
    ...y.ticks(4).map((tick) => {
      const at = y(tick);
      const grid = rule(box.left, at, box.right, at, `stroke="${COLOURS.grid}"`);
      return grid + text(box.left - 7, at + 4, written(tick), { ...grey, anchor: 'end' });
    }),
    rule(box.left, box.bottom, box.right, box.bottom, `stroke="${COLOURS.muted}"`),
    ...hours.map((at) =>
      text(x(from + at * hour), box.bottom + 15, `${at} h`, { ...grey, anchor: 'middle' }),
    ),
  ].join('');
}

function thresholdsOf({ y, scale, box }: Axes, thresholds: readonly Threshold[]): string[] {
  return thresholds.map(({ value }, index) => {
    const at = y(value / scale.divisor);
    return rule(box.left, at, box.right, at, limitStroke(index));
  });
}

function limitStroke(index: number): string {
  return `stroke="${COLOURS.limit}" stroke-width="1.3" stroke-dasharray="${DASHES[index % DASHES.length]}"`;
}

/** The first is drawn last, so that it lies above the others. */
function linesIn({ x, y, scale }: Axes, lines: readonly Line[], isRanked: boolean): string[] {
  const path = line<Line['points'][number]>()
    .defined(({ value }) => value !== undefined)
    .x(({ minute }) => x(minute))
    .y(({ value }) => y((value ?? 0) / scale.divisor))
    .digits(1);
  return lines
    .map((found, index) => {
      const width = isRanked && index > 0 ? 1 : 2;
      return `<path d="${path([...withoutFlats(found.points)])}" fill="none" stroke="${colourOf(index, isRanked)}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
    })
    .reverse();
}

/** Points between two of the same value add nothing to a line. */
function withoutFlats(points: Line['points']): Line['points'] {
  return points.filter(({ value }, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    return before === undefined || after === undefined || before.value !== value || after.value !== value;
  });
}

function colourOf(index: number, isRanked: boolean): string {
  if (isRanked) return index === 0 ? COLOURS.worst : COLOURS.others;
  return PALETTE[index % PALETTE.length] ?? COLOURS.text;
}

function legend(
  { scale }: Axes,
  lines: readonly Line[],
  thresholds: readonly Threshold[],
  height: number,
): string[] {
  const entries = [
    ...lines.map(({ name }, index) => ({
      name,
      stroke: `stroke="${colourOf(index, false)}" stroke-width="3"`,
    })),
    ...thresholds.map(({ label, value }, index) => ({
      name: `${label}: ${written(value / scale.divisor)}`,
      stroke: limitStroke(index),
    })),
  ];
  let left = 17;
  return entries.map(({ name, stroke }) => {
    const at = left;
    left += 42 + widthOf(name, SMALL);
    const y = height - 14;
    return (
      rule(at, y - 4, at + 18, y - 4, stroke) + text(at + 24, y, name, { size: SMALL, colour: COLOURS.muted })
    );
  });
}

/** The worst first, with the highest value that they are ranked by. */
function ranking({ box, scale }: Axes, lines: readonly Line[], width: number): string[] {
  const left = box.right + 14;
  return lines.map(({ name, highest }, index) => {
    const y = box.top - 6 + index * 14;
    const style =
      index === 0 ? { weight: 600, colour: COLOURS.text as string } : { colour: COLOURS.muted as string };
    return (
      rule(
        left,
        y - 4,
        left + 12,
        y - 4,
        `stroke="${colourOf(index, true)}" stroke-width="${index === 0 ? 3 : 2}"`,
      ) +
      text(left + 17, y, name, { size: 10.5, ...style }) +
      text(width - 14, y, written(highest / scale.divisor), { size: 10.5, anchor: 'end', ...style })
    );
  });
}
