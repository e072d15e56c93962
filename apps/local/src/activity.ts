import { reasonOf } from '@records/cli';
import type { CloudEvent } from '@records/local-cloud';
import type { Part, Trouble } from './console/stack-state.ts';

/** Entries that are kept; older ones are dropped. */
const MAX_ENTRIES = 500;

/** An event of the local cloud, or a line of `pnpm dev` itself. */
export type Happening = CloudEvent | { readonly type: 'note'; readonly message: string };

/** A happening with its number; the first is 1. */
export interface Entry {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly happening: Happening;
}

/**
 * The events of a run of `pnpm dev` and its present troubles, for the console. The terminal prints the same. Keeps the last 500
 * happenings, and for each part the last failed save and the last broken container.
 */
export class Activity {
  readonly #entries: Entry[] = [];
  readonly #saves = new Map<Part, Trouble>();
  readonly #containers = new Map<string, Trouble>();
  readonly #warnings = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #last = 0;

  record(happening: Happening): void {
    this.#last += 1;
    this.#entries.push({ number: this.#last, at: Date.now(), happening });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    if (happening.type === 'log' && happening.severity === 'warning') {
      this.#warnings.set(happening.source, happening.message);
    }
    if (happening.type === 'container') this.#containerChanged(happening);
    for (const listener of this.#listeners) listener();
  }

  /** A change of this part could not be applied. `title` says what failed and, after a semicolon, what to do. */
  failed(part: Part, title: string, error: unknown): void {
    const [what = title, todo] = title.split('; ');
    const sentence = `${what}:\n${reasonOf(error)}`;
    this.#saves.set(part, { part, sentence, ...(todo !== undefined && { todo }) });
    this.record({ type: 'note', message: sentence });
  }

  /** The last change of this part was applied. */
  applied(part: Part, message: string): void {
    this.#saves.delete(part);
    this.record({ type: 'note', message });
  }

  get troubles(): readonly Trouble[] {
    return [...this.#saves.values(), ...this.#containers.values()];
  }

  /** The last warning of a source about a resource, by its full name. */
  lastWarning(source: string, resource: string): string | undefined {
    const warning = this.#warnings.get(source);
    return warning?.startsWith(`${resource} `) ? warning : undefined;
  }

  /** The kept entries after this number, oldest first. */
  after(number: number): readonly Entry[] {
    const missing = this.#last - number;
    return missing <= 0 ? [] : this.#entries.slice(-missing);
  }

  /** Calls `listener` after each entry. Returns a function that removes it. */
  onEntry(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #containerChanged({ service, state, message }: Extract<CloudEvent, { type: 'container' }>): void {
    if (state === 'crashed' || state === 'unhealthy') {
      this.#containers.set(service, { part: 'api', sentence: `${service} ${state}: ${message}` });
    } else if (state === 'ready') this.#containers.delete(service);
  }
}
