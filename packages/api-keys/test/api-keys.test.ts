import { describe, expect, it } from '@jest/globals';
import {
  addKey,
  EMPTY_KEY_LIST,
  hashOf,
  idOf,
  isWellFormed,
  type KeyEntry,
  merge,
  mintKey,
  parseKeyList,
  revokeKey,
  stateOf,
  textOf,
} from '../src/index.ts';

const NOW = new Date('2026-11-24T06:00:00.000Z');
const after = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

function entry(name: string, more: Partial<KeyEntry> = {}): KeyEntry {
  const sha256 = hashOf(mintKey());
  return { name, sha256, requestsPerMinute: 100, createdAt: NOW.toISOString(), ...more };
}

describe('a key', () => {
  it('differs from a mistyped one by its checksum', () => {
    const key = mintKey();
    expect(key).toMatch(/^rec_[0-9a-f]{40}$/);
    expect(isWellFormed(key)).toBe(true);
    for (let index = 4; index < key.length; index++) {
      const digit = key[index] === '0' ? '1' : '0';
      expect(isWellFormed(key.slice(0, index) + digit + key.slice(index + 1))).toBe(false);
    }
    for (const text of ['', 'rec_', `${key} `, key.toUpperCase(), key.slice(1), `${key}, ${key}`]) {
      expect(isWellFormed(text)).toBe(false);
    }
    expect(mintKey()).not.toBe(key);
  });
});

describe('the list of keys', () => {
  it('is stored as text that contains no key, and is read again', () => {
    const key = mintKey();
    const list = addKey(EMPTY_KEY_LIST, entry('crm', { sha256: hashOf(key) }), NOW);
    expect(textOf(list)).not.toContain(key.slice(4, 36));
    expect(parseKeyList(textOf(list))).toEqual(list);
  });

  it('revokes active keys by id or name, and fails when none matches', () => {
    const [crm, bank] = [entry('crm'), entry('bank')];
    const list = { keys: [crm, bank, entry('bank')] };
    const states = (idOrName: string) => revokeKey(list, idOrName, NOW).keys.map((key) => stateOf(key, NOW));
    expect(states(idOf(crm.sha256))).toEqual(['revoked', 'active', 'active']);
    expect(states('bank')).toEqual(['active', 'revoked', 'revoked']);
    expect(() => revokeKey(list, 'nobody', NOW)).toThrow('no active API key has the id or name "nobody"');
    expect(() => revokeKey(revokeKey(list, 'crm', NOW), 'crm', NOW)).toThrow('no active API key');
  });

  it('drops keys thirty days after they were revoked or expired, and no others', () => {
    const list = {
      keys: [entry('old', { revokedAt: NOW.toISOString() }), entry('due', { expiresAt: NOW.toISOString() })],
    };
    const names = (days: number) => addKey(list, entry('new'), after(days)).keys.map(({ name }) => name);
    expect(names(29)).toEqual(['old', 'due', 'new']);
    expect(names(30)).toEqual(['new']);
  });

  it('keeps every key and every revocation when two versions are merged', () => {
    const [crm, bank] = [entry('crm'), entry('bank')];
    const base = { keys: [crm] };
    const [added, revoked] = [addKey(base, bank, NOW), revokeKey(base, 'crm', NOW)];
    for (const both of [merge(added, revoked), merge(revoked, added)]) {
      expect(both.keys.map((key) => [key.name, stateOf(key, NOW)])).toEqual([
        ['crm', 'revoked'],
        ['bank', 'active'],
      ]);
    }
  });

  it('is refused when it is malformed or too long, in a message that quotes nothing of it', () => {
    expect(() => parseKeyList('{"keys":[{"name":"secret')).toThrow('the list of API keys is not JSON');
    expect(() => parseKeyList(JSON.stringify({ keys: [{ ...entry('x'), sha256: 'short' }] }))).toThrow(
      'the list of API keys breaks its schema at /keys/0/sha256',
    );
    const many = { keys: Array.from({ length: 400 }, () => entry('someone')) };
    expect(() => textOf(many)).toThrow('longer than 65536 bytes');
  });
});
