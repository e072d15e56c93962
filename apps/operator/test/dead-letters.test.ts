import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type CommandRun, runHere } from '@records/cli/testing';
import { deadLetterOf, discard, groupsOf, list, Mailbox, replay } from '@records/stack/dead-letters';
import { groupTable } from '../src/dead-letters/report.ts';
import { ops as program } from '../src/program.ts';
import { ops } from './support/ops.ts';
import { TestStack, TRACE } from './support/stack.ts';

// Whole processes, on a machine that may be busy.
const ALL = { filter: {}, limit: 10_000 };
/** The services run in this process and answer at once. */
const WAIT_MS = 100;

/** One run of the command, which ends by putting its leases back. */
async function open<T>(stack: TestStack, use: (mailbox: Mailbox) => Promise<T>): Promise<T> {
  await using mailbox = new Mailbox(stack.target, WAIT_MS);
  return await use(mailbox);
}

const run = (mailbox: Mailbox) => replay(mailbox, ALL, { dryRun: false });

describe('dead letters', () => {
  it('are listed with reason, source and attempts, and stay for the next reader', async () => {
    await using stack = await TestStack.start();
    await stack.poison(3);
    for (let look = 0; look < 3; look += 1) {
      const found = await open(stack, (mailbox) => list(mailbox, ALL));
      expect(found.map(({ data }) => JSON.parse(data.toString()).id).sort()).toEqual(['r0', 'r1', 'r2']);
      expect(found[0]).toMatchObject({
        reason: expect.stringContaining('Perú'),
        source: 'operator-test/writer',
        attempts: 5,
        replays: 0,
        trace: TRACE,
        attributes: { sender: 'test' },
      });
    }
    expect(await stack.deadLetters()).toBe(3);
  });

  it('are stored once when they are replayed into a mended table, and a second replay changes nothing', async () => {
    await using stack = await TestStack.start();
    await stack.poison(1_200);
    await stack.mend();
    expect(await open(stack, run)).toEqual({ replayed: 1_200, stopped: 0, refused: [] });
    await stack.written();
    expect(await open(stack, run)).toEqual({ replayed: 0, stopped: 0, refused: [] });
    await stack.written();
    expect({ rows: await stack.rows(), dead: await stack.deadLetters() }).toEqual({ rows: 1_200, dead: 0 });
  });

  it('come back with a count when they fail again, and stop after three replays', async () => {
    await using stack = await TestStack.start();
    await stack.poison(2);
    for (let replays = 1; replays <= 3; replays += 1) {
      expect(await open(stack, run)).toMatchObject({ replayed: 2, stopped: 0 });
      await stack.written();
      const found = await open(stack, (mailbox) => list(mailbox, ALL));
      expect(found.map((deadLetter) => deadLetter.replays)).toEqual([replays, replays]);
      // A replayed message stays in its publisher's trace.
      expect(found.map(({ trace }) => trace)).toEqual([TRACE, TRACE]);
    }
    expect(await open(stack, run)).toEqual({ replayed: 0, stopped: 2, refused: [] });
    expect(await stack.deadLetters()).toBe(2);
  });

  it('stay when the topic refuses them, with the reason', async () => {
    await using stack = await TestStack.start();
    await stack.poison(2);
    await stack.deleteTopic();
    const { replayed, refused } = await open(stack, run);
    expect({ replayed, refused }).toEqual({
      replayed: 0,
      refused: [1, 2].map(() => ({ id: expect.any(String), reason: expect.stringContaining('NOT_FOUND') })),
    });
    expect(await stack.deadLetters()).toBe(2);
  });

  it('are chosen by reason, time and id, and a dry run only counts', async () => {
    await using stack = await TestStack.start();
    await stack.poison(3);
    const [first] = await open(stack, (mailbox) => list(mailbox, ALL));
    const by = (filter: object) =>
      open(stack, (mailbox) => discard(mailbox, { filter, limit: 10 }, { dryRun: true }));
    expect(await by({ reason: 'PERÚ' })).toBe(3);
    expect(await by({ reason: 'no such reason' })).toBe(0);
    expect(await by({ ids: [first?.id] })).toBe(1);
    expect(await by({ group: first && groupsOf([first])[0]?.key })).toBe(3);
    expect(await by({ group: '["operator-test/writer","Perú"]' })).toBe(0);
    expect(await by({ since: new Date(Date.now() + 60_000) })).toBe(0);
    const dry = await open(stack, (mailbox) => replay(mailbox, ALL, { dryRun: true }));
    expect(dry).toEqual({ replayed: 3, stopped: 0, refused: [] });
    expect(await stack.deadLetters()).toBe(3);
    const selection = { filter: { ids: [first?.id ?? ''] }, limit: 10 };
    expect(await open(stack, (mailbox) => discard(mailbox, selection, { dryRun: false }))).toBe(1);
    expect(await stack.deadLetters()).toBe(2);
  });

  it('are counted by subscription and reason, with the ids of the first records', () => {
    const of = (count: number, reason: string) =>
      Array.from({ length: count }, (_, index) => ({
        messageId: String(index),
        publishTime: { seconds: 1_800_000_000 + index },
        data: Buffer.from(
          reason === 'Bad JSON' ? '{' : `{"id":"${reason[0]}${index}\\u001b","nombre":"Luz"}`,
        ),
        attributes: {
          CloudPubSubDeadLetterSourceSubscription: 'writer',
          CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
          CloudPubSubDeadLetterSourceDeliveryErrorMessage: reason,
        },
      })).map(deadLetterOf);
    const text = groupTable([...of(2, 'Bad JSON'), ...of(7, 'Unknown field "x"')]);
    expect(text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'COUNT | FIRST | LAST | SOURCE | REASON | RECORDS',
      `7 | 2027-01-15T08:00:00.000Z | 2027-01-15T08:00:06.000Z | p/writer | Unknown field "x" | ${[0, 1, 2, 3, 4].map((index) => `U${index}\\u001b`).join(', ')} and 2 more`,
      '2 | 2027-01-15T08:00:00.000Z | 2027-01-15T08:00:01.000Z | p/writer | Bad JSON | ?, ?',
    ]);
    expect(text).not.toContain('Luz');
    const different = Array.from({ length: 30 }, (_, index) => of(1, `Value ${index}`)).flat();
    expect(groupTable(different)).toMatch(/\n10 other reasons, of 10 dead letters$/);
  });

  it('are shown by the command without their content, which is a person, unless asked for', async () => {
    await using stack = await TestStack.start();
    await stack.poison(1);
    const listed = await command(stack, ['list', '--each']);
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(listed.stdout).toMatch(
      /^ID +DEAD SINCE +ATTEMPTS +REPLAYS +SOURCE +RECORD +REASON\n\d+ +\S+Z +5 +0 +operator-test\/writer +r0 +\S/,
    );
    expect(listed.stdout).not.toContain('"Perú"}');
    const [id = ''] = listed.stdout.split('\n')[1]?.split(' ') ?? [];
    expect((await command(stack, ['show', id])).stdout).toContain('{"id":"r0","pais":"Perú"}');
    const unknown = await command(stack, ['show', '7'], here);
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr).toContain('do not include 7');
    const unasked = await command(stack, ['discard', '--all', '--stack', 'prod']);
    expect(unasked.exitCode).toBe(1);
    expect(unasked.stderr).toContain('look with --dry-run, then add --yes');
    const everything = await here('dead-letters', 'discard');
    expect(everything.exitCode).toBe(2);
    expect(everything.stderr).toContain('say which: --id, --reason or --since, or --all');
  });
});

/** Runs the program in this process. */
const here = (...args: readonly string[]) => runHere(program, args);

async function command(
  stack: TestStack,
  [verb = '', ...args]: readonly string[],
  run: (...args: readonly string[]) => Promise<CommandRun> = ops,
): Promise<CommandRun> {
  const folder = await mkdtemp(join(tmpdir(), 'operator-'));
  try {
    const file = join(folder, 'stack.json');
    await writeFile(file, JSON.stringify(stack.description));
    const wait = verb === 'discard' ? [] : ['--wait', '1'];
    return await run('dead-letters', verb, ...args, '--stack-file', file, ...wait);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
