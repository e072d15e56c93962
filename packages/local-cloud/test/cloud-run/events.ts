import type { CloudEvent } from '../../src/cloud-event.ts';

/** Collects events, and lets a test wait for one. */
export class Events {
  readonly all: CloudEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly push = (event: CloudEvent): void => {
    this.all.push(event);
    for (const check of this.#waiting) check();
  };

  /** The first event from now on, or among all so far, that matches. */
  next(matches: (event: CloudEvent) => boolean, from = 0): Promise<CloudEvent> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.all.slice(from).find(matches);
        if (!found) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Lines that a service logged. */
  lines(source: string): string[] {
    return this.all.flatMap((event) =>
      event.type === 'log' && event.source === source ? [event.message] : [],
    );
  }

  /** `state: message` of every change of a container. */
  states(): string[] {
    return this.all.flatMap((event) =>
      event.type === 'container' ? [`${event.state}: ${event.message}`] : [],
    );
  }
}
