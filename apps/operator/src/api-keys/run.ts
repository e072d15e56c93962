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
import { findTarget, SeederError } from '@records/seeder/target';
import type { CreateOptions, Request, StackOptions } from './command.ts';
import { FileStore, type KeyStore, SecretStore } from './stores.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Does what was asked for; answers the exit code. */
export async function run(request: Request): Promise<number> {
  try {
    const store = await storeOf(request.options);
    if (request.action === 'init') await init(store, request.options);
    else if (request.action === 'list') await list(store, request.options);
    else if (request.action === 'create') await create(store, request.name, request.options);
    else await revoke(store, request.key, request.options);
    return 0;
  } catch (error) {
    if (error instanceof KeyListError) throw new SeederError(error.message, { cause: error });
    throw error;
  }
}

async function storeOf(options: StackOptions): Promise<KeyStore> {
  // Nothing here makes up records, so production needs no leave.
  const { apiKeysSecret, environment } = await findTarget({ ...options, allowProduction: true });
  if (apiKeysSecret === undefined) {
    throw new SeederError('the stack names no secret for API keys', {
      wayOut: 'deploy the current program of infra/ to that stack',
    });
  }
  const folder = environment.LOCAL_SECRETS_FOLDER;
  if (folder !== undefined) return new FileStore(folder, apiKeysSecret);
  const { GoogleAuth } = await import('google-auth-library');
  return new SecretStore(
    new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] }),
    apiKeysSecret,
  );
}

async function init(store: KeyStore, { stack, json }: StackOptions): Promise<void> {
  const isNew = await store.init();
  if (json) return console.log(JSON.stringify({ isNew }));
  console.log(
    isNew
      ? `made an empty list. The API reads it once the stack's setting apiKeys is true: pnpm pulumi config set -s ${stack} apiKeys true, and pnpm apply -s ${stack}`
      : 'there is a list already, which stays as it is',
  );
}

async function create(store: KeyStore, name: string, { limit, expires, json }: CreateOptions): Promise<void> {
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
  // Not among what a pipe takes.
  console.error(`key ${idOf(entry.sha256)} of ${name}: shown this once, works within ten seconds`);
}

async function revoke(store: KeyStore, key: string, { json }: StackOptions): Promise<void> {
  const now = new Date();
  let revoked: KeyEntry[] = [];
  await store.update((present) => {
    const next = revokeKey(present, key, now);
    revoked = next.keys.filter(({ revokedAt }) => revokedAt === now.toISOString());
    return next;
  });
  if (json) return console.log(JSON.stringify(revoked.map((entry) => shown(entry, now))));
  for (const { name, sha256 } of revoked) {
    console.log(`key ${idOf(sha256)} of ${name} is revoked: it stops to work within ten seconds`);
  }
}

async function list(store: KeyStore, { json }: StackOptions): Promise<void> {
  const now = new Date();
  const entries = (await store.read()).keys.map((entry) => shown(entry, now));
  if (json) return console.log(JSON.stringify(entries));
  if (entries.length === 0) return console.log('no API keys');
  const rows = entries.map(({ id, name, requestsPerMinute, createdAt, expiresAt, state }) => [
    id,
    name,
    String(requestsPerMinute),
    createdAt.slice(0, 10),
    expiresAt?.slice(0, 10) ?? '-',
    state,
  ]);
  const table = [['ID', 'NAME', 'PER MINUTE', 'CREATED', 'EXPIRES', 'STATE'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** An entry for people and machines; the hash stays where it is. */
function shown({ sha256, ...entry }: KeyEntry, now: Date) {
  return { id: idOf(sha256), ...entry, state: stateOf({ sha256, ...entry }, now) };
}
