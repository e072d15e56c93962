import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@records/local-cloud';
import { Announcer, type Counts } from '../src/announcer.ts';

let clock: FakeClock;
let counts: Counts;
let lines: string[];
let announcer: Announcer;

beforeEach(() => {
  clock = new FakeClock();
  counts = { deadLetters: 0, refusals: new Map(), statuses: new Map() };
  lines = [];
  announcer = new Announcer({
    clock,
    read: async () => counts,
    say: (line) => lines.push(line),
    onError: (error) => lines.push(String(error)),
  });
});
afterEach(() => announcer[Symbol.dispose]());

/** Passes `seconds`, and answers the lines that were said meanwhile. */
async function said(seconds: number, change: Partial<Counts> = {}): Promise<string[]> {
  counts = { ...counts, ...change };
  const from = lines.length;
  for (let second = 0; second < seconds; second += 2) await clock.advance(2_000);
  return lines.slice(from);
}

describe('the terminal of pnpm dev', () => {
  it('says once how many messages became dead letters, when the burst is over', async () => {
    expect(await said(2, { deadLetters: 400 })).toEqual([]);
    expect(await said(2, { deadLetters: 998 })).toEqual([]);
    expect(await said(60)).toEqual(['998 messages became dead letters; see why: pnpm ops dead-letters list']);
  });

  it('says it during a burst of more than ten seconds, and then at most twice a minute', async () => {
    for (let deadLetters = 10; deadLetters <= 300; deadLetters += 10) await said(2, { deadLetters });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^60 messages became dead letters/);
  });

  it('says how many publishes were refused, and why', async () => {
    const refusals = new Map([
      ['invalid_argument', 1],
      ['permission_denied', 2],
    ]);
    expect(await said(10, { refusals })).toEqual([
      'Pub/Sub refused 3 publish requests (2 × permission_denied, 1 × invalid_argument); the publisher got the reason',
    ]);
  });

  it('says when answers with 4xx or 5xx rise, by status', async () => {
    const statuses = new Map([
      [200, 5_000],
      [404, 12],
      [429, 30],
      [503, 10],
    ]);
    expect(await said(10, { statuses })).toEqual([
      'The API refused 42 requests (30 × 429, 12 × 404)',
      'The API failed 10 requests (10 × 503)',
    ]);
  });

  it('is silent about single answers with 4xx, however many there are in time', async () => {
    for (let count = 1; count < 40; count += 1) await said(12, { statuses: new Map([[404, count]]) });
    expect(lines).toEqual([]);
  });

  it('counts from 0 when the API restarts, and not again when it does not answer for a while', async () => {
    await said(10, { statuses: new Map([[404, 100]]) });
    await said(60, { statuses: undefined });
    expect(await said(60, { statuses: new Map([[404, 100]]) })).toEqual([]);
    expect(await said(60, { statuses: new Map([[404, 20]]) })).toEqual([
      'The API refused 20 requests (20 × 404)',
    ]);
  });

  it('says nothing while nothing happens', async () => {
    expect(await said(600)).toEqual([]);
  });
});
