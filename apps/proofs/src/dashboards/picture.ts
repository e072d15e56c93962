import type { ChartWidget, Dashboard, Widget } from '@records/monitoring';
import { CannotTell, type Line, linesOf, type Series } from '@records/monitoring/evaluate';
import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';
import type { Episode } from './bad-day.ts';

export interface Shown {
  readonly series: readonly Series[];
  readonly episodes: readonly Episode[];
  /** How long the series are. */
  readonly minutes: number;
}

/** A view of Vega-Lite without its size. https://vega.github.io/vega-lite/docs/spec.html */
type Spec = Readonly<Record<string, unknown>>;

/** In pixels. */
const WIDTH = 1200;
const BLOCK_HEIGHT = 80;
const GAP = 12;
const LINE_HEIGHT = 17;

const MUTED = '#59636e';
const WORST = '#d55e00';
const OTHERS = '#8ea0b2';

const CONFIG: Config = {
  aria: false,
  background: 'white',
  padding: 14,
  font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
  view: { stroke: null },
  title: { anchor: 'start', subtitleColor: MUTED, offset: 16 },
  axis: { title: null, labelColor: MUTED, ticks: false, domain: false, gridColor: '#e6eaef', tickCount: 5 },
  legend: { title: null, labelColor: MUTED, labelLimit: 0 },
  // Told apart with any colour vision. https://jfly.uni-koeln.de/color/
  range: { category: ['#0072b2', '#e69f00', '#d55e00', '#009e73', '#cc79a7', '#56b4e9'] },
};

/** The dashboard as SVG: its own layout, and in each chart what its own query finds in the series. */
export async function drawDashboard(
  { displayName, mosaicLayout: { columns, tiles } }: Dashboard,
  caption: readonly string[],
  shown: Shown,
): Promise<string> {
  const head = [...caption, ...shown.episodes.map(({ name }, index) => `${index + 1}  ${name}`)];
  const top = (head.length + 5) * LINE_HEIGHT;
  const bottom = top + Math.max(...tiles.map(({ yPos, height }) => yPos + height)) * BLOCK_HEIGHT;
  const column = WIDTH / columns;
  const drawn = await Promise.all([
    draw(textSpec(displayName, head, 22), 0, 0, WIDTH, top),
    ...tiles.map(({ xPos, yPos, width, height, widget }) =>
      draw(
        widgetSpec(widget, shown, height * BLOCK_HEIGHT),
        xPos * column,
        top + yPos * BLOCK_HEIGHT,
        width * column,
        height * BLOCK_HEIGHT,
      ),
    ),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + GAP} ${bottom + GAP}" role="img">
<title>${displayName}</title>
<rect width="100%" height="100%" fill="#f6f8fa"/>
${drawn.join('\n')}
</svg>
`;
}

async function draw(spec: Spec, x: number, y: number, width: number, height: number): Promise<string> {
  const sized = {
    ...spec,
    width: width - GAP,
    height: height - GAP,
    autosize: { type: 'fit', contains: 'padding' },
  };
  const { spec: compiled } = compile(sized as unknown as TopLevelSpec, { config: CONFIG });
  const svg = await new View(parse(compiled), { renderer: 'none' }).toSVG();
  return svg.replace('<svg ', `<svg x="${x + GAP}" y="${y + GAP}" `);
}

/** Throws RangeError for a text that does not fit its tile. */
function widgetSpec(widget: Widget, shown: Shown, height: number): Spec {
  if ('xyChart' in widget) return chartSpec(widget, shown);
  if ('sectionHeader' in widget) return textSpec(widget.title, [widget.sectionHeader.subtitle], 16);
  const lines = widget.text.content.split('\n').map((line) => line.replace(/^\*/, '•'));
  if ((lines.length + 4) * LINE_HEIGHT > height)
    throw new RangeError(`"${widget.title}" has ${lines.length} lines: make its tile higher`);
  return textSpec(widget.title, lines);
}

function textSpec(title: string, lines: readonly string[], fontSize = 14): Spec {
  return {
    title: { text: title, fontSize },
    data: { values: [{}] },
    mark: {
      type: 'text',
      text: lines,
      x: 0,
      y: 0,
      align: 'left',
      baseline: 'top',
      lineHeight: LINE_HEIGHT,
      fontSize: 12,
    },
  };
}

function chartSpec(widget: ChartWidget, shown: Shown): Spec {
  try {
    const lines = linesOf(widget, shown.series, { from: 0, to: shown.minutes });
    if (lines.length === 0) return textSpec(widget.title, ['Nothing was measured.']);
    return linesSpec(widget, lines, shown);
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return textSpec(widget.title, [`Cannot be told here: ${error.message}.`]);
  }
}

function linesSpec({ title, xyChart }: ChartWidget, lines: readonly Line[], shown: Shown): Spec {
  const { dataSets, thresholds, yAxis } = xyChart;
  const isRanked = dataSets.some(
    ({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.pickTimeSeriesFilter,
  );
  const highest = Math.max(...lines.map((line) => line.highest), ...thresholds.map(({ value }) => value));
  const { unit, divisor } = unitOf(yAxis.label, highest);
  const labelled = (name: string, value: number) =>
    `${name}: ${(value / divisor).toLocaleString('en-US', { maximumSignificantDigits: 3 })}`;
  const nameOf = (line: Line) => (isRanked ? labelled(line.name, line.highest) : line.name);
  const names = lines.map(nameOf);
  const hours = Array.from({ length: shown.minutes / 60 + 1 }, (_, hour) => hour * 60);
  const x = {
    type: 'quantitative',
    scale: { domain: [0, shown.minutes], nice: false },
    axis: { grid: false, values: hours, labelExpr: "datum.value / 60 + ' h'", labelOverlap: true },
  };
  // A line along the upper edge would look cut.
  const y = { field: 'value', type: 'quantitative', scale: { domain: [0, (highest / divisor) * 1.05 || 1] } };
  return {
    title: { text: title, subtitle: unit },
    layer: [
      {
        data: {
          values: shown.episodes.map(({ from, to }, index) => ({
            from,
            to,
            middle: (from + to) / 2,
            number: index + 1,
          })),
        },
        layer: [
          {
            mark: { type: 'rect', color: '#eef1f4' },
            encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
          },
          {
            mark: { type: 'text', y: -6, fontSize: 10, color: MUTED },
            encoding: { x: { ...x, field: 'middle' }, text: { field: 'number' } },
          },
        ],
      },
      {
        data: {
          values: thresholds.map(({ label, value }) => ({
            label: labelled(label, value),
            value: value / divisor,
          })),
        },
        mark: { type: 'rule', color: '#3d444d' },
        encoding: {
          y,
          strokeDash: {
            field: 'label',
            sort: null,
            scale: {
              range: [
                [7, 4],
                [2, 3],
              ],
            },
            legend: { orient: 'bottom', symbolSize: 400 },
          },
        },
      },
      {
        // The first line is drawn last, above the others.
        data: { values: lines.toReversed().flatMap((line) => pointsOf(line, nameOf(line), divisor)) },
        mark: { type: 'line', invalid: 'break-paths-show-domains' },
        encoding: {
          x: { ...x, field: 'minute' },
          y,
          color: {
            field: 'name',
            scale: {
              domain: names,
              ...(isRanked && { range: names.map((_, rank) => (rank === 0 ? WORST : OTHERS)) }),
            },
            legend: isRanked || names.length > 1 ? {} : null,
          },
        },
      },
    ],
  };
}

/** The corners of the line: a point between two of the same value adds nothing. */
function pointsOf({ points }: Line, name: string, divisor: number) {
  const rounded = points.map(({ minute, value }) => ({
    name,
    minute,
    value: value === undefined ? null : Number((value / divisor).toPrecision(6)),
  }));
  return rounded.filter(
    ({ value }, index) =>
      index === 0 || rounded[index - 1]?.value !== value || rounded[index + 1]?.value !== value,
  );
}

const LARGER_UNITS: Readonly<Record<string, readonly (readonly [unit: string, divisor: number])[]>> = {
  bytes: [['GiB', 1024 ** 3]],
  seconds: [
    ['days', 86_400],
    ['hours', 3_600],
    ['minutes', 60],
  ],
};

/** Bytes and seconds in a larger unit, of which the highest is at least 2: `GiB in ten minutes`. */
function unitOf(label: string, highest: number): { readonly unit: string; readonly divisor: number } {
  const [small = '', ...rest] = label.split(' ');
  const larger = LARGER_UNITS[small]?.find(([, divisor]) => highest >= 2 * divisor);
  return larger ? { unit: [larger[0], ...rest].join(' '), divisor: larger[1] } : { unit: label, divisor: 1 };
}
