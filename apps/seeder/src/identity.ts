import type { Account } from '@records/stack';
import { accountClient } from '@records/stack/clients';

/** The headers that identify the sender of a request. */
export type Identity = () => Promise<{ readonly authorization: string }>;

/**
 * Identifies the publisher of a local stack: Google's own client sends no credentials to an emulator. Each call throws UserError when
 * the stack gives no token.
 */
export function identityOf(publisher: Account): Identity {
  const client = accountClient(publisher);
  return async () => ({ authorization: `Bearer ${(await client.getAccessToken()).token}` });
}
