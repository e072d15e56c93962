import { fleetDashboard, serviceDashboard } from '@records/monitoring';
import { cloudSeries, fleetSeries, systemName } from '@records/monitoring/evaluate';
import { SICK } from '../alerts/fleet-trial.ts';
import { badDay } from './bad-day.ts';
import { drawDashboard } from './picture.ts';

const SIZE = 50;
const WHAT =
  'Drawn locally from the declared dashboard and simulated minutes; not a picture of Cloud Monitoring.';

/** Both dashboards over the same bad day, as SVG: of one service, and of one sick system among fifty. */
export async function drawDashboards(): Promise<{ readonly service: string; readonly fleet: string }> {
  const { moments, episodes } = badDay();
  const minutes = moments.length;
  const service = cloudSeries(moments);
  const fleet = fleetSeries({ size: SIZE, moments, isSick: (system) => system === SICK });
  return {
    service: await drawDashboard(
      serviceDashboard(),
      [WHAT, 'Trial traces that fire an alert, one after another:'],
      { series: service, episodes, minutes },
    ),
    fleet: await drawDashboard(
      fleetDashboard(),
      [
        WHAT,
        `Of ${SIZE} systems of different sizes, ${systemName(SICK)} lives through trial traces one after another; the others are healthy:`,
      ],
      { series: fleet, episodes, minutes },
    ),
  };
}
