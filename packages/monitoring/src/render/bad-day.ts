import { HEALTHY, type Moment, momentsOf, START, TRACES, type Trace } from '../traces.ts';

/** The traces of the rendered day, each with its trouble whole; one after another, every panel has something to show. */
const EPISODES = [
  'full outage for 30 minutes',
  'half of the answers are slow',
  'the table refuses, and the subscription is in its error state',
  'a burst of poison: a tenth of the messages, for 20 minutes',
  'a publisher with a wrong schema',
  'BigQuery is down, old pages are served',
  'instances near the maximum',
  'cost runaway: a scan per request',
  'dead letters that nobody looked at',
] as const;

/** Good minutes before, between and after them. */
const CALM = 30;

export interface Episode {
  readonly name: string;
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
}

/** Throws Error when a trace has another name by now. */
export function badDay(traces: readonly Trace[] = TRACES): { moments: Moment[]; episodes: Episode[] } {
  const calm = Array<Moment>(CALM).fill(HEALTHY);
  const moments = [...calm];
  const episodes = EPISODES.map((wanted): Episode => {
    const trace = traces.find(({ name }) => name === wanted);
    if (!trace) throw new Error(`there is no trace "${wanted}": the rendered day must name another`);
    const from = moments.length;
    const to = from + trace.troubleMinutes;
    moments.push(...momentsOf(trace).slice(START, START + trace.troubleMinutes), ...calm);
    return { name: wanted, from, to };
  });
  return { moments, episodes };
}
