import type { CloudEvent, Deployment } from '@records/local-cloud';
import { readable } from './readable-error.ts';

/** Runs of the program that are kept. */
const MAX_APPLIES = 20;

/** One run of the Pulumi program. */
export interface Apply {
  /** When it began: milliseconds since the epoch. */
  readonly at: number;
  readonly milliseconds: number;
  /** What it changed. */
  readonly steps: Deployment['steps'];
  /** Why it ended early. */
  readonly error?: string;
}

/** The last runs of the program, with what they changed. */
export class Applies {
  #last: readonly Apply[] = [];
  #steps: Deployment['steps'][number][] = [];

  /** The newest first. */
  get last(): readonly Apply[] {
    return this.#last;
  }

  hear(event: CloudEvent): void {
    if (event.type === 'step' && event.step.operation !== 'same') this.#steps.push(event.step);
  }

  /** Runs one deployment. */
  async during<T>(deploy: () => Promise<T>): Promise<T> {
    const [at, began] = [Date.now(), performance.now()];
    this.#steps = [];
    const ended = (error?: string) => {
      const apply = { at, milliseconds: performance.now() - began, steps: this.#steps };
      const ended = error === undefined ? apply : { ...apply, error };
      this.#last = [ended, ...this.#last].slice(0, MAX_APPLIES);
    };
    try {
      const result = await deploy();
      ended();
      return result;
    } catch (error) {
      ended(readable(error instanceof Error ? error.message : String(error)));
      throw error;
    }
  }
}
