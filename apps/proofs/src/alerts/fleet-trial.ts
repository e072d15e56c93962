import { type ChartWidget, FIRST_SCREEN, fleetDashboard, type Tile } from '@records/monitoring';
import {
  fleetSeries,
  linesOf,
  momentsOf,
  play,
  type Series,
  START,
  systemName,
  type Trace,
} from '@records/monitoring/evaluate';

/** Systems of a simulated fleet. */
export const FLEET_SIZE = 50;

/** One of the smaller systems of a fleet. */
export const SICK = 37;

/** How the one sick system of a fleet is seen. */
export interface FleetTrial {
  readonly trace: string;
  readonly size: number;
  readonly panels: number;
  /** In all panels together. */
  readonly lines: number;
  /** Titles of panels on the first screen with the sick system alone at the top. */
  readonly firstIn: readonly string[];
  /** Alerts that notify, when policies watch all systems as one scope. */
  readonly notified: readonly string[];
  /** The same when every system lives through the trace. */
  readonly notifiedIfAll: readonly string[];
}

/** Plays a trace to one of `size` systems. */
export function tryFleet(trace: Trace, size: number): FleetTrial {
  const moments = momentsOf(trace);
  const sick = size > SICK ? SICK : 0;
  const series = fleetSeries({ size, moments, isSick: (system) => system === sick });
  const all = size === 1 ? series : fleetSeries({ size, moments, isSick: () => true });
  const span = { from: START - 60, to: START + trace.troubleMinutes + 60 };
  const drawn = fleetDashboard()
    .mosaicLayout.tiles.filter(isChart)
    .map((tile) => ({ tile, lines: linesOf(tile.widget, series, span) }));
  const notified = (seen: readonly Series[]) => play(trace, seen).incidents.map(({ policy }) => policy);
  return {
    trace: trace.name,
    size,
    panels: drawn.length,
    lines: drawn.reduce((sum, { lines }) => sum + lines.length, 0),
    firstIn: drawn
      .filter(({ tile, lines: [first, second] }) => {
        const isAlone = first !== undefined && first.highest > (second?.highest ?? 0);
        return isAlone && first.name === systemName(sick) && tile.yPos + tile.height <= FIRST_SCREEN;
      })
      .map(({ tile }) => tile.widget.title),
    notified: notified(series),
    notifiedIfAll: notified(all),
  };
}

function isChart(tile: Tile): tile is Tile & { readonly widget: ChartWidget } {
  return 'xyChart' in tile.widget;
}
