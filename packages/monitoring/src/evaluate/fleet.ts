import { cloudSeries } from './cloud-series.ts';
import type { Series } from './series.ts';
import { HEALTHY, type Moment } from './traces.ts';

export interface FleetOptions {
  readonly size: number;
  /** What the sick systems live through; the others have healthy minutes only. */
  readonly moments: readonly Moment[];
  isSick(system: number): boolean;
}

/** Properties of a moment that grow with the load of a system. What lists cost does not: their budget bounds it. */
const LOADED = [
  'requests',
  'clientErrors',
  'serverErrors',
  'published',
  'refused',
  'deadLetters',
  'billedGib',
] as const;

/** What a metrics scope has of so many systems, each a project with a load of its own. */
export function fleetSeries({ size, moments, isSick }: FleetOptions): Series[] {
  return Array.from({ length: size }, (_, system) => {
    const load = loadOf(system);
    const healthy = underLoad(HEALTHY, load);
    const lived = moments.map((moment) => (isSick(system) ? underLoad(moment, load) : healthy));
    const project = { 'resource.labels.project_id': systemName(system) };
    return cloudSeries(lived).map(({ labels, points }) => ({ labels: { ...labels, ...project }, points }));
  }).flat();
}

export function systemName(system: number): string {
  return `system-${system}`;
}

/** From 0.25 to 1.75 of the load of a trace, so that the largest system has no number next to the sick one. */
function loadOf(system: number): number {
  return 0.25 + (1.5 * ((system * 7) % 50)) / 49;
}

function underLoad(moment: Moment, load: number): Moment {
  return { ...moment, ...Object.fromEntries(LOADED.map((name) => [name, moment[name] * load])) };
}
