import { HEALTHY, type Moment, momentsOf, START, TRACES } from '@records/monitoring/evaluate';

/** Healthy minutes before, between and after the episodes. */
const CALM_MINUTES = 30;
const LONGEST_EPISODE_MINUTES = 90;

export interface Episode {
  readonly name: string;
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
}

/** The trouble of each short trace that fires an alert, one after another, so that every panel has something to show. */
export function badDay(): { moments: Moment[]; episodes: Episode[] } {
  const calm = Array<Moment>(CALM_MINUTES).fill(HEALTHY);
  const moments = [...calm];
  const episodes = TRACES.filter(
    ({ fires, troubleMinutes }) => Object.keys(fires).length > 0 && troubleMinutes <= LONGEST_EPISODE_MINUTES,
  ).map((trace): Episode => {
    const from = moments.length;
    const to = from + trace.troubleMinutes;
    moments.push(...momentsOf(trace).slice(START, START + trace.troubleMinutes), ...calm);
    return { name: trace.name, from, to };
  });
  return { moments, episodes };
}
