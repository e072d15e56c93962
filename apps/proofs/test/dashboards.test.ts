import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Dashboard, fleetDashboard } from '@records/monitoring';
import { cloudSeries, HEALTHY } from '@records/monitoring/evaluate';
import { drawDashboards } from '../src/dashboards/dashboards.ts';
import { drawDashboard } from '../src/dashboards/picture.ts';
import { FILES } from '../src/shared/files.ts';

describe('the pictures of docs/monitoring; after an intended change, renew them: pnpm prove dashboards --write', () => {
  let pictures: Awaited<ReturnType<typeof drawDashboards>>;

  beforeAll(async () => {
    pictures = await drawDashboards();
  });

  it.each(['service', 'fleet'] as const)('%s.svg is current', (name) => {
    expect(readFileSync(join(FILES.pictures, `${name}.svg`), 'utf8')).toBe(pictures[name]);
  });

  it('have a line in every chart', () => {
    for (const svg of Object.values(pictures)) expect(svg).not.toMatch(/Cannot be told|Nothing was measured/);
  });
});

describe('a picture', () => {
  const shown = { series: cloudSeries(Array(60).fill(HEALTHY)), episodes: [], minutes: 60 };
  const draw = (change: (json: string) => string) => {
    const { displayName, mosaicLayout } = fleetDashboard();
    const dashboard = {
      displayName,
      mosaicLayout: { ...mosaicLayout, tiles: mosaicLayout.tiles.slice(1, 2) },
    };
    return drawDashboard(JSON.parse(change(JSON.stringify(dashboard))) as Dashboard, [], shown);
  };

  it('draws the line of a chart', async () => {
    expect(await draw((json) => json)).toContain('mark-line');
  });

  it('says in the place of a chart why it cannot be told, and draws no line', async () => {
    const svg = await draw((json) => json.replace('ALIGN_MAX', 'ALIGN_COUNT'));
    expect(svg).toContain('Cannot be told here: it aligns by ALIGN_COUNT.');
    expect(svg).not.toContain('mark-line');
  });

  it('says that nothing was measured', async () => {
    const svg = await draw((json) => json.replace('oldest_unacked_message_age', 'unknown'));
    expect(svg).toContain('Nothing was measured.');
    expect(svg).not.toContain('mark-line');
  });

  it('is refused when a text does not fit its tile', async () => {
    const { displayName, mosaicLayout } = fleetDashboard();
    const tiles = mosaicLayout.tiles.map((tile) => ({ ...tile, height: 1 }));
    await expect(
      drawDashboard({ displayName, mosaicLayout: { ...mosaicLayout, tiles } }, [], shown),
    ).rejects.toThrow('"Objectives" has 5 lines: make its tile higher');
  });
});
