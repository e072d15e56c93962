import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { idOf } from './key.ts';

/** The size limit of one version of a secret. https://docs.cloud.google.com/secret-manager/quotas */
export const MAX_KEY_LIST_BYTES = 65_536;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Revoked and expired keys stay in the list this long; after that, the next change drops them. */
const KEPT_MS = 30 * DAY_MS;

const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z$' });

const KeyEntry = Type.Object(
  {
    /** The caller who holds the key. */
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    requestsPerMinute: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    createdAt: Time,
    expiresAt: Type.Optional(Time),
    revokedAt: Type.Optional(Time),
  },
  { additionalProperties: false },
);
const KeyList = Type.Object({ keys: Type.Array(KeyEntry) }, { additionalProperties: false });

/** What is stored of a key. Times are RFC 3339 in UTC. */
export type KeyEntry = Readonly<Static<typeof KeyEntry>>;
/** All keys of a stack. */
export interface KeyList {
  readonly keys: readonly KeyEntry[];
}

export const EMPTY_KEY_LIST: KeyList = Object.freeze({ keys: [] });

/** The list cannot be read, or a change cannot be made. */
export class KeyListError extends Error {
  override readonly name = 'KeyListError';
}

/** Throws KeyListError, whose message quotes nothing of the list. */
export function parseKeyList(text: string): KeyList {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KeyListError('the list of API keys is not JSON');
  }
  if (Value.Check(KeyList, value)) return value;
  const path = Value.Errors(KeyList, value).First()?.path || '/';
  throw new KeyListError(`the list of API keys breaks its schema at ${path}`);
}

/** Throws KeyListError when the list is longer than a secret may be. */
export function textOf(list: KeyList): string {
  const text = `${JSON.stringify(list, null, 1)}\n`;
  if (Buffer.byteLength(text) <= MAX_KEY_LIST_BYTES) return text;
  throw new KeyListError(
    `the list of API keys would be longer than ${MAX_KEY_LIST_BYTES} bytes: revoke keys, which are dropped 30 days later`,
  );
}

export function stateOf({ revokedAt, expiresAt }: KeyEntry, now: Date): 'active' | 'revoked' | 'expired' {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'active';
}

/**
 * Keys may share a name, so that a new key can be handed out before the old one is revoked. Throws KeyListError for an invalid
 * entry.
 */
export function addKey(list: KeyList, entry: KeyEntry, now: Date): KeyList {
  if (!Value.Check(KeyEntry, entry)) throw new KeyListError('the new API key breaks the rules of an entry');
  return { keys: [...kept(list, now), entry] };
}

/** Revokes the active keys with this id or name. Throws KeyListError when there is none. */
export function revokeKey(list: KeyList, idOrName: string, now: Date): KeyList {
  const isMeant = (entry: KeyEntry) =>
    stateOf(entry, now) === 'active' && (idOf(entry.sha256) === idOrName || entry.name === idOrName);
  if (!list.keys.some(isMeant)) {
    throw new KeyListError(`no active API key has the id or name "${idOrName}": \`list\` shows them`);
  }
  const revokedAt = now.toISOString();
  return { keys: kept(list, now).map((entry) => (isMeant(entry) ? { ...entry, revokedAt } : entry)) };
}

/** Merges two versions of the list. A key that is revoked in either is revoked. */
export function merge(one: KeyList, other: KeyList): KeyList {
  const bySha = new Map(one.keys.map((entry) => [entry.sha256, entry]));
  for (const entry of other.keys) {
    const known = bySha.get(entry.sha256);
    if (known?.revokedAt === undefined) bySha.set(entry.sha256, entry);
  }
  return { keys: [...bySha.values()] };
}

function kept({ keys }: KeyList, now: Date): KeyEntry[] {
  return keys.filter(({ revokedAt, expiresAt }) => {
    const end = revokedAt ?? expiresAt;
    return end === undefined || now.getTime() - Date.parse(end) < KEPT_MS;
  });
}
