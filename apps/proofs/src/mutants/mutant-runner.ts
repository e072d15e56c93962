import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { reasonOf, UserError } from '@records/cli';
import type { Mutant } from './mutant.ts';
import { RepositoryCopy } from './repository-copy.ts';
import { runTrial } from './trial.ts';

/** How the trials of one mutant ended. */
export interface Outcome {
  readonly mutant: Mutant;
  readonly times: number;
  /** For each trial that did not catch the mutant, what happened instead. */
  readonly misses: readonly string[];
  /** How long the trials took together. */
  readonly seconds: number;
}

export interface RunOptions {
  /** Trials of each mutant. */
  readonly times?: number;
  /** Copies of the repository in which trials run at once; one per core by default. */
  readonly workers?: number;
  /** Ends the run: trials under way are killed, and their mutants have no outcome. */
  readonly signal?: AbortSignal;
  /** Called for each mutant after its last trial. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Runs the tests that mutants name against the mutants, in copies of a repository. Long tests start first. */
export class MutantRunner {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async run(mutants: readonly Mutant[], options: RunOptions = {}): Promise<Outcome[]> {
    const { times = 1, workers = availableParallelism(), onOutcome } = options;
    const outcomes: Outcome[] = [];
    const queue = mutants
      .toSorted((a, b) => b.seconds - a.seconds)
      .flatMap((mutant) => {
        const trials: Trial[] = [];
        const add = (trial: Trial) => {
          if (trials.push(trial) < times) return;
          const misses = trials.flatMap(({ miss }) => (miss === undefined ? [] : [miss]));
          const seconds = trials.reduce((sum, one) => sum + one.seconds, 0);
          const outcome = { mutant, times, misses, seconds };
          outcomes.push(outcome);
          onOutcome?.(outcome);
        };
        return Array.from({ length: times }, () => ({ mutant, add }));
      });
    using stop = new Stop(options.signal);
    const { signal } = stop;
    const work = async () => {
      using copy = stop.disposing(new RepositoryCopy(this.#root));
      for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
        const start = performance.now();
        const miss = await missOf(next.mutant, copy, signal);
        if (!signal.aborted) next.add({ miss, seconds: (performance.now() - start) / 1_000 });
      }
    };
    await Promise.all(Array.from({ length: Math.min(workers, queue.length) }, work));
    return outcomes;
  }
}

/** Ends a run when its caller asks, or when the process exits in its midst, as a command does whose output is cut. */
class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #disposables: Disposable[] = [];
  readonly #asked: AbortSignal | undefined;
  readonly signal = this.#controller.signal;

  constructor(asked: AbortSignal | undefined) {
    this.#asked = asked;
    setMaxListeners(0, this.signal);
    asked?.addEventListener('abort', this.#abort);
    if (asked?.aborted) this.#abort();
    process.on('exit', this.#exit);
  }

  /** Has something disposed of when the process exits. */
  disposing<T extends Disposable>(disposable: T): T {
    this.#disposables.push(disposable);
    return disposable;
  }

  [Symbol.dispose](): void {
    this.#asked?.removeEventListener('abort', this.#abort);
    process.off('exit', this.#exit);
  }

  readonly #abort = () => this.#controller.abort();
  readonly #exit = () => {
    this.#abort();
    for (const disposable of this.#disposables) disposable[Symbol.dispose]();
  };
}

interface Trial {
  readonly miss: string | undefined;
  readonly seconds: number;
}

/** A patch that does not apply is a miss, too, and no reason to keep the others from their trial. */
async function missOf(
  mutant: Mutant,
  copy: RepositoryCopy,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await runTrial(mutant, copy, signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return reasonOf(error);
  }
}
