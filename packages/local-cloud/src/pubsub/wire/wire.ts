import type { Access } from '../../callers.ts';
import type { PubSub } from '../pubsub.ts';

/** What the gRPC and REST servers share. */
export interface Wire {
  readonly pubsub: PubSub;
  /** The caller with this `Authorization` header. Throws CloudError UNAUTHENTICATED. */
  accessOf(authorization: string | undefined): Access;
  /** Called with each bug of the service. */
  report(error: unknown): void;
}

/** How long an answer is on its way to the code that waits for it, through a socket and the layers of a client library. */
export const TRANSIT_MS = 5;
