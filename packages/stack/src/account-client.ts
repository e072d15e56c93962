import { reasonOf, UserError } from '@records/cli';
import { OAuth2Client } from 'google-auth-library';
import { isObject } from './is-object.ts';
import type { Account } from './target.ts';

/** https://docs.cloud.google.com/compute/docs/access/authenticate-workloads#applications */
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';

/** The metadata server is on this machine. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Google's own client with the credentials of an account of a local stack. It renews a token five minutes before it expires. Each
 * request throws UserError when the stack gives no token.
 */
export function accountClient(account: Account): OAuth2Client {
  const client = new OAuth2Client();
  client.refreshHandler = () => tokenOf(account);
  return client;
}

async function tokenOf({ member, metadataHost }: Account) {
  try {
    const response = await fetch(`http://${metadataHost}${TOKEN_PATH}`, {
      headers: { 'Metadata-Flavor': 'Google' },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`it answered ${response.status}: ${text}`);
    const token: unknown = JSON.parse(text);
    if (!isObject(token) || typeof token.access_token !== 'string' || typeof token.expires_in !== 'number')
      throw new Error('its answer holds no "access_token" and "expires_in"');
    return { access_token: token.access_token, expiry_date: Date.now() + token.expires_in * 1_000 };
  } catch (error) {
    throw new UserError(`${metadataHost} gives no access token of ${member}: ${reasonOf(error)}`, {
      hint: 'stop `pnpm dev` and start it again',
      cause: error,
    });
  }
}
