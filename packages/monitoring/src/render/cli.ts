import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { FILES } from '../files.ts';
import { renderDashboards } from './dashboards.ts';

const HELP = `pnpm dashboards [--write] [--out FOLDER]

Draws the dashboards of Cloud Monitoring on this machine: their own tiles, filters, aligners and ranking, over the minutes
of trial traces. Without an option it says what would be written.

  --write       renew docs/monitoring/service.svg and docs/monitoring/fleet.svg
  --out FOLDER  write both there instead
`;

try {
  run();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  process.exitCode = 2;
}

function run(): void {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const writes = values.write || values.out !== undefined;
  for (const [name, svg] of Object.entries(renderDashboards())) {
    const standard = FILES.dashboards[name as keyof typeof FILES.dashboards];
    const file = values.out === undefined ? standard : join(values.out, `${name}.svg`);
    if (writes) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, svg);
    }
    console.log(`${writes ? 'Wrote' : 'Would write'} ${file}, ${(svg.length / 1024).toFixed(0)} KiB`);
  }
}
