import { fleetDashboard, serviceDashboard } from '../dashboards.ts';
import { cloudSeries } from '../evaluate/cloud-series.ts';
import { fleetSeries, systemName } from '../fleet.ts';
import { SICK } from '../fleet-trial.ts';
import { badDay } from './bad-day.ts';
import { renderDashboard } from './page.ts';

const SIZE = 50;
const WHAT =
  'Local rendering of the dashboard as it is declared, over simulated minutes; not a picture of Cloud Monitoring.';

/** Both dashboards over the same bad day: of the one service, and of one system of fifty. */
export function renderDashboards(): { readonly service: string; readonly fleet: string } {
  const { moments, episodes } = badDay();
  const span = { from: 0, to: moments.length };
  return {
    service: renderDashboard({
      dashboard: serviceDashboard(),
      caption: `${WHAT} A day of trial traces, one after another:`,
      shown: { series: cloudSeries(moments), span, episodes },
    }),
    fleet: renderDashboard({
      dashboard: fleetDashboard(),
      caption: `${WHAT} Fifty systems of different sizes: ${systemName(SICK)} has a day of trial traces, the others have a good one:`,
      shown: {
        series: fleetSeries({ size: SIZE, moments, isSick: (system) => system === SICK }),
        span,
        episodes,
      },
    }),
  };
}
