import { cloudSeries } from './evaluate/cloud-series.ts';
import type { Series } from './evaluate/series.ts';
import { HEALTHY, type Moment } from './traces.ts';

export interface FleetOptions {
  readonly size: number;
  /** What the sick systems live through; the others have good minutes only. */
  readonly moments: readonly Moment[];
  isSick(system: number): boolean;
}

/** What a metrics scope has of so many systems, each a project with a load of its own. */
export function fleetSeries({ size, moments, isSick }: FleetOptions): Series[] {
  const good = moments.map(() => HEALTHY);
  return Array.from({ length: size }, (_, system) => {
    const lived = isSick(system) ? moments : good;
    const project = { 'resource.labels.project_id': systemName(system) };
    return cloudSeries(lived.map((moment) => underLoad(moment, loadOf(system)))).map((series) => ({
      ...series,
      labels: { ...series.labels, ...project },
    }));
  }).flat();
}

export function systemName(system: number): string {
  return `system-${system}`;
}

/** From a quarter of the load of a trace to one and three quarters, so that the largest is no neighbour of the worst. */
function loadOf(system: number): number {
  return 0.25 + (1.5 * ((system * 7) % 50)) / 49;
}

function underLoad(moment: Moment, load: number): Moment {
  return {
    ...moment,
    requests: moment.requests * load,
    clientErrors: moment.clientErrors * load,
    serverErrors: moment.serverErrors * load,
    published: moment.published * load,
    refused: moment.refused * load,
    deadLetters: moment.deadLetters * load,
    billedGib: moment.billedGib * load,
  };
}
