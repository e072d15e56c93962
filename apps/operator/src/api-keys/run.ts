import {
  addKey,
  hashOf,
  idOf,
  type KeyEntry,
  KeyListError,
  mintKey,
  revokeKey,
  stateOf,
} from '@records/api-keys';
import { asTyped, table, UserError } from '@records/cli';
import { findStack, type StackChoice } from '@records/stack';
import { FileStore, type KeyStore, SecretStore } from './stores.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

interface Options extends StackChoice {
  readonly stack: string;
  readonly json?: true | undefined;
}

interface CreateOptions extends Options {
  readonly name: string;
  /** Requests per minute and instance. */
  readonly limit: number;
  /** Days from now. */
  readonly expires?: number | undefined;
}

export async function init(store: KeyStore, { stack, json }: Options): Promise<void> {
  const isNew = await store.init();
  if (json) return console.log(JSON.stringify({ isNew }));
  if (!isNew) return console.log('the list exists already and stays as it is');
  console.log(
    asTyped(
      `made an empty list. To make the API read it: pnpm pulumi config set -s ${stack} apiKeys true, and pnpm pulumi up -s ${stack}`,
    ),
  );
}

export async function create(store: KeyStore, { name, limit, expires, json }: CreateOptions): Promise<void> {
  const key = mintKey();
  const now = new Date();
  const entry: KeyEntry = {
    name,
    sha256: hashOf(key),
    requestsPerMinute: limit,
    createdAt: now.toISOString(),
    ...(expires !== undefined && { expiresAt: new Date(now.getTime() + expires * DAY_MS).toISOString() }),
  };
  await store.update((present) => addKey(present, entry, now));
  if (json) return console.log(JSON.stringify({ key, ...shown(entry, now) }));
  console.log(key);
  // On stderr: a pipe takes the key alone.
  console.error(`key ${idOf(entry.sha256)} of ${name}: shown this once, works within ten seconds`);
}

export async function revoke(
  store: KeyStore,
  { key, json }: Options & { readonly key: string },
): Promise<void> {
  const now = new Date();
  let revoked: KeyEntry[] = [];
  await store.update((present) => {
    const next = revokeKey(present, key, now);
    revoked = next.keys.filter(({ revokedAt }) => revokedAt === now.toISOString());
    return next;
  });
  if (json) return console.log(JSON.stringify(revoked.map((entry) => shown(entry, now))));
  for (const { name, sha256 } of revoked) {
    console.log(`key ${idOf(sha256)} of ${name} is revoked: it stops working within ten seconds`);
  }
}

export async function list(store: KeyStore, { json }: Options): Promise<void> {
  const now = new Date();
  const entries = (await store.read()).keys.map((entry) => shown(entry, now));
  if (json) return console.log(JSON.stringify(entries));
  if (entries.length === 0) return console.log('no API keys');
  const rows = entries.map(({ id, name, requestsPerMinute, createdAt, expiresAt, state }) => [
    ...[id, name, String(requestsPerMinute)],
    ...[createdAt.slice(0, 10), expiresAt?.slice(0, 10) ?? '-', state],
  ]);
  console.log(table([['ID', 'NAME', 'PER MINUTE', 'CREATED', 'EXPIRES', 'STATE'], ...rows]));
}

async function storeOf(options: Options): Promise<KeyStore> {
  const { apiKeysSecret, environment } = await findStack(options);
  if (apiKeysSecret === undefined) throw new UserError('the stack names no secret for API keys');
  const folder = environment.LOCAL_SECRETS_FOLDER;
  if (folder !== undefined) return new FileStore(folder, apiKeysSecret);
  const { GoogleAuth } = await import('google-auth-library');
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
  return new SecretStore(new GoogleAuth({ scopes }), apiKeysSecret);
}

/** Acts on the list of a stack. Throws UserError, also for an invalid list. */
export async function withStore<Given extends Options>(
  options: Given,
  act: (store: KeyStore, options: Given) => Promise<void>,
): Promise<void> {
  try {
    await act(await storeOf(options), options);
  } catch (error) {
    if (error instanceof KeyListError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

/** An entry without its hash. */
function shown({ sha256, ...entry }: KeyEntry, now: Date) {
  return { id: idOf(sha256), ...entry, state: stateOf({ sha256, ...entry }, now) };
}
