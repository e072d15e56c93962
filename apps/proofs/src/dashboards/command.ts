import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, verb } from '@records/cli';
import { FILES } from '../files.ts';
import { drawDashboards } from './dashboards.ts';

/** Adds `dashboards`. */
export function addDashboards(parent: Command): void {
  verb(parent, 'dashboards', {
    summary: 'draw the dashboards of Cloud Monitoring on this machine, over trial traces',
    example: 'pnpm prove dashboards --out /tmp',
    description:
      'Draws the dashboards as they are declared, with their own tiles, filters, aligners and ranking, over the minutes of trial ' +
      'traces. Without an option, it prints what it would write.',
  })
    .option('--write', 'renew docs/monitoring/service.svg and docs/monitoring/fleet.svg')
    .option('--out <folder>', 'write the two files there instead')
    .action(async ({ write = false, out }) => {
      const folder = out ?? FILES.pictures;
      const writes = write || out !== undefined;
      if (writes) mkdirSync(folder, { recursive: true });
      for (const [name, svg] of Object.entries(await drawDashboards())) {
        const file = join(folder, `${name}.svg`);
        if (writes) writeFileSync(file, svg);
        console.log(`${writes ? 'Wrote' : 'Would write'} ${file}, ${(svg.length / 1024).toFixed(0)} KiB`);
      }
    });
}
