import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborts at the first signal. A second one ends the process, as it would without this. */
  readonly signal: AbortSignal;
  /** The exit code that a shell gives for the signal that arrived; undefined while none has. */
  exitCode(): number | undefined;
}

/** Turns the first Ctrl-C, or another signal that asks for an end, into a request to stop cleanly. */
export function interruption(from: Pick<NodeJS.Process, 'once'> = process): Interruption {
  const controller = new AbortController();
  for (const name of SIGNALS) from.once(name, () => controller.abort(name));
  const { signal } = controller;
  return {
    signal,
    exitCode() {
      const name = SIGNALS.find((one) => one === signal.reason);
      return name === undefined ? undefined : 128 + constants.signals[name];
    },
  };
}
