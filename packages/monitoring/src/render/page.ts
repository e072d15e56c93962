import type { Dashboard, SectionWidget, TextWidget, Tile } from '../widgets.ts';
import { renderChart, type Shown } from './chart.ts';
import { COLOURS, escaped, FONT, rect, text, widthOf, wrap } from './svg.ts';

export interface PageOptions {
  readonly dashboard: Dashboard;
  readonly shown: Shown;
  /** What the data is. */
  readonly caption: string;
}

const WIDTH = 1200;
const MARGIN = 20;
const GAP = 12;
/** Pixels of a block of the grid. */
const BLOCK = 80;
const SIZE = 12;
const LINE = 17;
const TEXT_TOP = 49;

/** The dashboard as one picture: its own layout, and of each tile what its own query finds. */
export function renderDashboard({ dashboard, shown, caption }: PageOptions): string {
  const { columns, tiles } = dashboard.mosaicLayout;
  const head = renderHead(dashboard.displayName, caption, shown);
  const blocks = Math.max(...tiles.map(({ yPos, height }) => yPos + height));
  const height = head.height + blocks * BLOCK + MARGIN;
  const column = (WIDTH - 2 * MARGIN + GAP) / columns;
  const body = tiles.map((tile) => {
    const [x, y] = [MARGIN + tile.xPos * column, head.height + tile.yPos * BLOCK];
    const content = renderTile(tile, shown, tile.width * column - GAP, tile.height * BLOCK - GAP);
    return `<g transform="translate(${x} ${y})">${content}</g>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" role="img">`,
    `<title>${escaped(dashboard.displayName)}</title>`,
    rect(0, 0, WIDTH, height, `rx="8" fill="${COLOURS.page}"`),
    head.svg,
    ...body,
    '</svg>',
  ].join('\n')}\n`;
}

function renderHead(title: string, caption: string, { episodes }: Shown): { svg: string; height: number } {
  const perColumn = Math.ceil(episodes.length / 2);
  const muted = { size: SIZE, colour: COLOURS.muted as string };
  const captions = wrap(caption, SIZE, WIDTH - 2 * MARGIN);
  const top = 72 + captions.length * 18;
  const key = episodes.map(({ name }, index) => {
    const x = MARGIN + Math.floor(index / perColumn) * (WIDTH / 2);
    const y = top + (index % perColumn) * 18;
    return text(x, y, `${index + 1}`, { size: SIZE, weight: 600 }) + text(x + 18, y, name, muted);
  });
  return {
    svg: [
      text(MARGIN, 40, title, { size: 22, weight: 600 }),
      ...captions.map((line, index) => text(MARGIN, 62 + index * 18, line, muted)),
      ...key,
    ].join(''),
    height: top + perColumn * 18 + 2,
  };
}

function renderTile({ widget }: Tile, shown: Shown, width: number, height: number): string {
  if ('sectionHeader' in widget) return renderSection(widget, height);
  const card = rect(0, 0, width, height, `rx="6" fill="${COLOURS.card}" stroke="${COLOURS.border}"`);
  return (
    card + ('text' in widget ? renderText(widget, width, height) : renderChart(widget, shown, width, height))
  );
}

function renderSection({ title, sectionHeader }: SectionWidget, height: number): string {
  return (
    text(2, height - 22, title, { size: 18, weight: 600 }) +
    text(widthOf(title, 18) + 20, height - 22, sectionHeader.subtitle, { size: SIZE, colour: COLOURS.muted })
  );
}

/** Of Markdown, lists: all that the dashboards have. Throws RangeError where a reader would have to scroll. */
function renderText({ title, text: { content } }: TextWidget, width: number, height: number): string {
  const lines = content
    .split('\n')
    .flatMap((item) =>
      wrap(item.replace(/^\* /, ''), SIZE, width - 48).map((line, index) =>
        index === 0 ? `•  ${line}` : `    ${line}`,
      ),
    );
  const needed = TEXT_TOP + lines.length * LINE;
  if (needed > height) {
    throw new RangeError(
      `"${title}" has ${lines.length} lines, which take ${needed} pixels, and its tile has ${height}: make it higher`,
    );
  }
  return (
    text(16, 25, title, { size: 14, weight: 600 }) +
    lines.map((line, index) => text(20, TEXT_TOP + index * LINE, line, { size: SIZE })).join('')
  );
}
