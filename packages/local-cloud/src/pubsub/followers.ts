/** Something that happened to a followed message. */
export type MessageStep = { readonly messageId: string } & (
  | { readonly step: 'published'; readonly topic: string }
  | { readonly step: 'delivered'; readonly subscription: string; readonly attempt: number }
  | {
      readonly step: 'failed';
      readonly subscription: string;
      readonly attempt: number;
      /** Undefined when the client gave none, or its deadline passed. */
      readonly reason: string | undefined;
    }
  /** A BigQuery subscription acknowledges a message once its row is committed. */
  | { readonly step: 'acknowledged'; readonly subscription: string }
);

type Listener = (step: MessageStep) => void;

/** The attribute in which Google's clients publish a trace. https://docs.cloud.google.com/pubsub/docs/open-telemetry-tracing */
const TRACE_ATTRIBUTE = 'googclient_traceparent';

/** Messages of one trace that are followed. */
const MAX_MESSAGES = 100;

/** Tells what happens to the messages of a trace, their dead letters included. Costs one comparison where nobody follows. */
export class Followers {
  readonly #traces = new Map<string, Listener>();
  readonly #messages = new Map<number, Listener>();

  /** Follows the messages that are published with this `traceparent` from now on. Returns a function that ends it. */
  follow(traceparent: string, listener: Listener): () => void {
    this.#traces.set(traceparent, listener);
    return () => {
      this.#traces.delete(traceparent);
      for (const [id, of] of this.#messages) if (of === listener) this.#messages.delete(id);
    };
  }

  published(id: number, topic: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#traces.size === 0) return;
    const listener = this.#traces.get(attributes[TRACE_ATTRIBUTE] ?? '');
    if (!listener || this.#messages.size >= this.#traces.size * MAX_MESSAGES) return;
    this.#messages.set(id, listener);
    listener({ messageId: String(id), step: 'published', topic });
  }

  delivered(id: number, subscription: string, attempt: number): void {
    if (this.#messages.size === 0) return;
    this.#messages.get(id)?.({ messageId: String(id), step: 'delivered', subscription, attempt });
  }

  failed(
    failures: readonly { readonly id: number; readonly attempt: number; readonly reason?: string }[],
    subscription: string,
  ): void {
    if (this.#messages.size === 0) return;
    for (const { id, attempt, reason } of failures) {
      this.#messages.get(id)?.({ messageId: String(id), step: 'failed', subscription, attempt, reason });
    }
  }

  acknowledged(ids: readonly number[], subscription: string): void {
    if (this.#messages.size === 0) return;
    for (const id of ids)
      this.#messages.get(id)?.({ messageId: String(id), step: 'acknowledged', subscription });
  }
}
