import { DEFAULT_LIMITS } from './alerts.ts';
import { FIRST_SCREEN, fleetDashboard } from './dashboards.ts';
import { linesOf } from './evaluate/chart.ts';
import { evaluate } from './evaluate/evaluate.ts';
import type { Series } from './evaluate/series.ts';
import { fleetSeries, systemName } from './fleet.ts';
import { policiesFor } from './policies.ts';
import { momentsOf, START, type Trace } from './traces.ts';
import type { ChartWidget, Dashboard, Tile } from './widgets.ts';

/** One of the smaller ones. */
export const SICK = 37;

/** How the one sick system of a fleet is seen. */
export interface FleetTrial {
  readonly trace: string;
  readonly size: number;
  readonly panels: number;
  /** Drawn in all panels together. */
  readonly lines: number;
  /** Titles of the panels of the first screen in which the sick system is alone at the top. */
  readonly firstIn: readonly string[];
  /** By alert, when policies watch all systems as one scope. */
  readonly notified: readonly string[];
  /** The same when every system lives through the trace. */
  readonly notifiedIfAll: readonly string[];
}

/** Plays a trace to one system of so many. */
export function tryFleet(trace: Trace, size: number, dashboard: Dashboard = fleetDashboard()): FleetTrial {
  const moments = momentsOf(trace);
  const sick = size > SICK ? SICK : 0;
  const series = fleetSeries({ size, moments, isSick: (system) => system === sick });
  const all = size === 1 ? series : fleetSeries({ size, moments, isSick: () => true });
  const charts = dashboard.mosaicLayout.tiles.filter(isChart);
  const span = { from: START - 60, to: START + trace.troubleMinutes + 60 };
  const drawn = charts.map((tile) => ({ tile, lines: linesOf(tile.widget, series, span) }));
  return {
    trace: trace.name,
    size,
    panels: charts.length,
    lines: drawn.reduce((sum, { lines }) => sum + lines.length, 0),
    firstIn: drawn
      .filter(({ tile, lines: [first, second] }) => {
        const isAlone = first !== undefined && first.highest > (second?.highest ?? 0);
        return isAlone && first.name === systemName(sick) && tile.yPos + tile.height <= FIRST_SCREEN;
      })
      .map(({ tile }) => tile.widget.title),
    notified: notifications(series, trace),
    notifiedIfAll: notifications(all, trace),
  };
}

function notifications(series: readonly Series[], { minutes, visible }: Trace): string[] {
  const policies = policiesFor(DEFAULT_LIMITS);
  const { incidents } = evaluate({
    from: START - 60,
    minutes,
    series,
    policies,
    ...(visible && { visible }),
  });
  return incidents.map(({ policy }) => policy);
}

function isChart(tile: Tile): tile is Tile & { readonly widget: ChartWidget } {
  return 'xyChart' in tile.widget;
}
