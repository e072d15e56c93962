import { percentile } from '../../shared/statistics.ts';
import { KINDS, type Kind, RIGHT, type Sample, WAYS, type Way } from './readers.ts';

/** What one minute of the soak showed. */
export interface Minute {
  readonly samples: readonly Sample[];
}

/** Resident memory of a process at its highest, MB. */
export interface PeakMemory {
  readonly name: string;
  readonly mb: number;
}

export interface Figures {
  readonly count: number;
  /** Milliseconds; NaN without samples. */
  readonly p50: number;
  readonly p99: number;
}

const GIB_MB = 1_024 ** 3 / 1e6;
/** The promised p99 of each kind in the first minute and in the last. Milliseconds. */
const MAX_P99_MS: Readonly<Record<Kind, number>> = {
  page: 250,
  'known id': 250,
  'unknown id': 250,
  pais: 1_000,
  nombre: 1_000,
  countries: 1_000,
};

export function figuresOf(samples: readonly Sample[], way: Way, kind: Kind): Figures {
  const times = samples.flatMap((sample) => (sample.way === way && sample.kind === kind ? [sample.ms] : []));
  return { count: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Answers by kind and status, as in `page 200`. */
export function statusesOf(samples: readonly Sample[], way: Way): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    if (sample.way !== way) continue;
    const name = `${sample.kind} ${sample.status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** A sentence for each promise that a soak broke. */
export function brokenBy(minutes: readonly Minute[], memory: readonly PeakMemory[]): string[] {
  const all = minutes.flatMap(({ samples }) => samples);
  const broken: string[] = [];
  for (const way of WAYS)
    for (const kind of KINDS)
      if (figuresOf(all, way, kind).count === 0) broken.push(`${way}, ${kind}: no request was answered`);
  const wrong = all.filter(({ way, kind, status }) => way === 'ours' && status !== RIGHT[kind]);
  for (const [name, count] of statusesOf(wrong, 'ours'))
    broken.push(`${count} answers of the API are wrong: ${name}`);
  const ends = [
    ['first', minutes.at(0)],
    ['last', minutes.at(-1)],
  ] as const;
  for (const [name, minute] of ends)
    for (const kind of KINDS) {
      const { p99 } = figuresOf(minute?.samples ?? [], 'ours', kind);
      if (p99 >= MAX_P99_MS[kind])
        broken.push(
          `${kind}: p99 ${p99.toFixed(0)} ms in the ${name} minute; less than ${MAX_P99_MS[kind]} ms is promised`,
        );
    }
  for (const kind of KINDS)
    for (const figure of ['p50', 'p99'] as const) {
      const [ours, naive] = [figuresOf(all, 'ours', kind)[figure], figuresOf(all, 'naive', kind)[figure]];
      if (ours >= naive)
        broken.push(`${kind}: ${figure} ${ours.toFixed(1)} ms; the naive way has ${naive.toFixed(1)} ms`);
    }
  for (const { name, mb } of memory)
    if (mb >= GIB_MB) broken.push(`${name} took ${mb} MB of memory; less than 1 GiB is promised`);
  return broken;
}
