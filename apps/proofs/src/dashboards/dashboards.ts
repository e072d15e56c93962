import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleetDashboard, serviceDashboard } from '@records/monitoring';
import { cloudSeries, fleetSeries, systemName } from '@records/monitoring/evaluate';
import { FLEET_SIZE, SICK } from '../alerts/fleet-trial.ts';
import { badDay } from './bad-day.ts';
import { drawDashboard } from './picture.ts';

const WHAT =
  'Drawn locally from the declared dashboard and simulated minutes; not a picture of Cloud Monitoring.';

/** Writes service.svg and fleet.svg, or prints what it would write. */
export async function writeDashboards(folder: string, writes: boolean): Promise<void> {
  if (writes) mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(await drawDashboards())) {
    const file = join(folder, `${name}.svg`);
    if (writes) writeFileSync(file, svg);
    console.log(`${writes ? 'Wrote' : 'Would write'} ${file}, ${(svg.length / 1024).toFixed(0)} KiB`);
  }
}

/** Both dashboards over the same bad day, as SVG: of one service, and of one sick system among many. */
export async function drawDashboards(): Promise<{ readonly service: string; readonly fleet: string }> {
  const { moments, episodes } = badDay();
  const minutes = moments.length;
  const service = cloudSeries(moments);
  const fleet = fleetSeries({ size: FLEET_SIZE, moments, isSick: (system) => system === SICK });
  return {
    service: await drawDashboard(serviceDashboard(), [WHAT, 'Simulated incidents, one after another:'], {
      series: service,
      episodes,
      minutes,
    }),
    fleet: await drawDashboard(
      fleetDashboard(),
      [
        WHAT,
        `Of ${FLEET_SIZE} systems of different sizes, ${systemName(SICK)} has simulated incidents one after another; the others are healthy:`,
      ],
      { series: fleet, episodes, minutes },
    ),
  };
}
