import { reasonOf } from '@records/cli';
import type { CloudEvent } from '@records/local-cloud';
import type { Part, Trouble } from './console/stack-state.ts';
import type { Text } from './console/text.ts';
import { readable } from './readable-error.ts';

/** Entries that are kept; older ones are dropped. */
const MAX_ENTRIES = 500;

/** What a save can fail to change. */
export type SavedPart = Extract<Part, 'infra' | 'api'>;

/** What is said of a save that failed, and what to do. */
export const FAILED_SAVES = {
  infra: { en: 'infra/ was not applied', es: 'infra/ no se aplicó' },
  api: { en: 'The API does not start', es: 'La API no inicia' },
  apiKept: {
    en: 'The API does not start, and the last good code goes on serving',
    es: 'La API no inicia, y el último código bueno sigue sirviendo',
  },
} as const satisfies Readonly<Record<string, Text>>;
export const SAVE_AGAIN: Text = { en: 'save again to retry', es: 'guarde de nuevo para reintentar' };

const BROKEN: Readonly<Record<'crashed' | 'unhealthy', Text>> = {
  crashed: { en: 'crashed', es: 'se cayó' },
  unhealthy: { en: 'unhealthy', es: 'no pasa su control de salud' },
};

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
  readonly #listeners = new Set<(entry: Entry) => void>();
  #last = 0;

  record(happening: Happening): void {
    this.#last += 1;
    const entry = { number: this.#last, at: Date.now(), happening };
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    if (happening.type === 'log' && happening.severity === 'warning') {
      this.#warnings.set(happening.source, happening.message);
    }
    if (happening.type === 'container') this.#containerChanged(happening);
    for (const listener of this.#listeners) listener(entry);
  }

  /** A change of this part could not be applied. */
  failed(part: SavedPart, sentence: Text, error: unknown): void {
    const detail = readable(reasonOf(error));
    this.#saves.set(part, { part, sentence, detail, todo: SAVE_AGAIN });
    this.record({ type: 'note', message: `${sentence.en}:\n${detail}` });
  }

  /** The last change of this part was applied. */
  applied(part: SavedPart, message: string): void {
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

  /** Calls `listener` with each entry. Returns a function that removes it. */
  onEntry(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #containerChanged({ service, state, message }: Extract<CloudEvent, { type: 'container' }>): void {
    if (state === 'crashed' || state === 'unhealthy') {
      const { en, es } = BROKEN[state];
      const sentence = { en: `${service} ${en}: ${message}`, es: `${service} ${es}: ${message}` };
      this.#containers.set(service, { part: 'api', sentence });
    } else if (state === 'ready') this.#containers.delete(service);
  }
}
