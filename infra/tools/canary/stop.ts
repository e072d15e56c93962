import { constants } from 'node:os';
import type { Outcome } from './run.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What asks a rollout to end early. */
export interface Stop {
  readonly signal: AbortSignal;
  exitCodeOf(outcome: Outcome): number;
}

/** Aborts at the first signal; a second changes nothing, since the requests are on their way back by then. */
export function stopOnSignals(from: Pick<NodeJS.Process, 'on'>): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  for (const name of SIGNALS) from.on(name, () => controller.abort(name));
  return {
    signal,
    exitCodeOf(outcome) {
      if (outcome !== 'interrupted') return outcome === 'promoted' ? 0 : 1;
      // As a shell tells of a program that a signal ended.
      return 128 + constants.signals[SIGNALS.find((name) => name === signal.reason) ?? 'SIGTERM'];
    },
  };
}
