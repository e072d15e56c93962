import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pubsubClient } from '@records/stack/clients';
import { Plan } from '../src/plan.ts';
import { publish } from '../src/publish.ts';
import { startStack, type TestStack } from './support/stack.ts';

const PACKAGE = join(import.meta.dirname, '..');
const guide = readFileSync(join(PACKAGE, '..', '..', 'docs', 'publishing.md'), 'utf8');
const run = promisify(execFile);

function snippet(language: string): string {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (code === undefined) throw new Error(`docs/publishing.md has no ${language}`);
  return code;
}

/** A topic that does not answer: nothing listens on port 1. */
function silentTopic() {
  const environment = { PUBSUB_EMULATOR_HOST: '127.0.0.1:1' };
  const pubsub = pubsubClient({ projectId: 'p-test', environment });
  return { topic: pubsub.topic('projects/p-test/topics/records'), close: () => pubsub.close() };
}

const plan = new Plan({ seed: 1, locale: 'latam' });

describe('publishing', () => {
  it('makes no more messages than fit into the requests under way', async () => {
    const { topic, close } = silentTopic();
    const controller = new AbortController();
    const full = Promise.withResolvers<void>();
    let made = 0;
    function* counting() {
      for (const message of plan.messages(200_000)) {
        made += 1;
        // Eight requests of 1,000 messages are under way, and one batch waits.
        if (made === 9_000) full.resolve();
        yield message;
      }
    }
    const publishing = publish({ topic, messages: counting(), signal: controller.signal, graceMs: 1 });
    try {
      await full.promise;
      // Each turn could start another batch.
      for (let turns = 0; turns < 20; turns += 1) await turn();
      expect(made).toBe(9_000);
    } finally {
      controller.abort();
      expect(await publishing).toMatchObject({ accepted: 0, failed: 0 });
      await close();
    }
  });

  it('stops waiting for answers after an interruption, and counts their messages as unconfirmed', async () => {
    const { topic, close } = silentTopic();
    const controller = new AbortController();
    function* interrupting() {
      for (const message of plan.messages(3_000)) yield message;
      controller.abort();
    }
    const result = await publish({
      topic,
      messages: interrupting(),
      signal: controller.signal,
      retryMs: 60_000,
      graceMs: 1,
    });
    await close();
    expect(result).toMatchObject({ accepted: 0, failed: 0, unconfirmed: 3_000, reasons: [] });
  });
});

describe('a request that is refused for some of its messages', () => {
  it('is sent again in parts, so that only the bad ones are refused', async () => {
    const stack = await startStack();
    try {
      const bad = (index: number) => index % 100 === 7;
      const messages = Array.from(plan.messages(1_000), (message, index) =>
        bad(index) ? Buffer.from('{"id":"bad"}') : message,
      );
      const topic = stack.pubsub.topic(stack.target.topic);
      const result = await publish({ topic, messages });
      expect(result).toMatchObject({ accepted: 990, refused: 10, failed: 0, unconfirmed: 0 });
      expect(result.reasons[0]?.reason).toContain('INVALID_ARGUMENT');
    } finally {
      await stack.close();
    }
  });
});

describe('a rate', () => {
  it('sends each message when its time has come, and not before', async () => {
    const stack = await startStack();
    try {
      let now = 0;
      const ticker = {
        now: () => now,
        delay: async (ms: number) => {
          now += ms;
        },
      };
      const messages = plan.messages(105);
      const result = await publish({
        topic: stack.pubsub.topic(stack.target.topic),
        messages,
        rate: 50,
        ticker,
      });
      expect(result.accepted).toBe(105);
      // The last five messages follow the first hundred, which take two seconds.
      expect(now).toBe(2_000);
    } finally {
      await stack.close();
    }
  });
});

describe('docs/publishing.md', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const stored = async (ids: number) => {
    let rows: Record<string, string>[] = [];
    while (rows.length < ids) rows = await stack.rows();
    return rows.map(({ id }) => id).sort();
  };

  it('has TypeScript that gets the good messages of a refused request through, and names the bad ones', async () => {
    const good = Array.from({ length: 40 }, (_, index) => plan.rowAt(index));
    const bad = [{ id: 'bad-1' }, { ...plan.rowAt(40), pais: 7 }];
    const records: object[] = (good as object[]).toSpliced(10, 0, ...bad);
    const { PUBSUB_EMULATOR_HOST = '' } = stack.target.environment;
    const { stdout } = await run(
      process.execPath,
      [
        '--input-type=module-typescript',
        '--eval',
        snippet('ts'),
        stack.target.topic,
        JSON.stringify(records),
      ],
      {
        cwd: PACKAGE,
        env: {
          ...{ PUBSUB_EMULATOR_HOST, GOOGLE_CLOUD_PROJECT: stack.target.projectId },
          METADATA_SERVER_DETECTION: 'none',
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        },
      },
    );
    expect(JSON.parse(stdout)).toEqual(bad);
    expect(await stored(40)).toEqual(good.map(({ id }) => id).sort());
  });

  it('has a request by HTTP that stores its record', async () => {
    const before = (await stack.rows()).length;
    const { PUBSUB_EMULATOR_HOST } = stack.target.environment;
    const { stdout } = await run('sh', ['-c', snippet('sh')], {
      env: { PATH: process.env.PATH, PUBSUB: `http://${PUBSUB_EMULATOR_HOST}`, TOPIC: stack.target.topic },
    });
    expect(JSON.parse(stdout)).toEqual({ messageIds: [expect.any(String)] });
    expect(await stored(before + 1)).toContain('k3v9q2xw-7h2m4c8t');
  });
});
