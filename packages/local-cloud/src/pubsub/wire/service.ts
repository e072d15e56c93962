import type { Access } from '../../callers.ts';
import type { PubSub } from '../pubsub.ts';

/** What a wire leads to. */
export interface Service {
  readonly pubsub: PubSub;
  /** The caller with this `Authorization` header. Throws CloudError UNAUTHENTICATED. */
  accessOf(authorization: string | undefined): Access;
  /** Hears of bugs. */
  report(error: unknown): void;
}
