import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalStack } from '@records/local';
import { type Check, endToEnd } from '../src/e2e/run.ts';
import { clientsOf, type Subject } from '../src/e2e/subject.ts';

let stack: LocalStack;
let subject: Subject;
const fronts: Server[] = [];

beforeAll(async () => {
  stack = await LocalStack.create();
  const { apiUrl, topic } = stack.outputs;
  subject = { api: apiUrl, topic, environment: stack.environment };
}, 120_000);

afterAll(async () => {
  for (const front of fronts) {
    front.closeAllConnections();
    front.close();
  }
  await stack?.close();
});

/** Time passes only by waiting, so a wait ends after a number of questions and not after seconds. */
function run(over: Partial<Subject> = {}): Promise<readonly Check[]> {
  let time = 0;
  const pause = async (ms: number) => {
    time += ms;
    await setImmediate();
  };
  return endToEnd({ ...subject, ...over }, { waitMs: 200_000, pauseMs: 1000, now: () => time, pause });
}

/** The API, with what it answers to a look-up changed on the way. */
async function front(change: (body: Record<string, unknown>) => object | undefined): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url ?? '/', subject.api));
    const body = answer.ok ? change((await answer.json()) as Record<string, unknown>) : undefined;
    response.statusCode = body === undefined ? 404 : answer.status;
    response.end(JSON.stringify(body ?? { title: 'Not found' }));
  });
  fronts.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failures = (checks: readonly Check[]) =>
  checks.filter(({ outcome }) => outcome === 'failed').map(({ detail }) => detail);

async function rows(): Promise<number> {
  const [[row]] = await clientsOf(subject).bigquery.query(
    `SELECT COUNT(*) AS n FROM \`${stack.outputs.table}\` WHERE STARTS_WITH(id, 'e2e-')`,
  );
  return Number(row.n);
}

describe('the end-to-end suite', () => {
  it('is green on a system that works, and leaves nothing behind', async () => {
    const checks = await run();
    expect(failures(checks)).toEqual([]);
    expect(checks.map(({ outcome }) => outcome)).toEqual(Array(5).fill('passed'));
    expect(checks[3]?.detail).toContain('sobra');
    expect(await rows()).toBe(0);
  }, 120_000);

  it('is red when the API drops a column, and says which', async () => {
    const api = await front(({ pais: _, ...rest }) => rest);
    expect(failures(await run({ api }))).toEqual(['the API drops the column pais']);
    expect(await rows()).toBe(0);
  }, 120_000);

  it('is red when the API serves another table, and removes its record all the same', async () => {
    const api = await front(() => undefined);
    const checks = await run({ api });
    expect(failures(checks)).toEqual([expect.stringMatching(/^the API serves another table: e2e-/)]);
    expect(checks.at(-1)).toMatchObject({ name: 'nothing of the run is left', outcome: 'passed' });
    expect(await rows()).toBe(0);
  }, 120_000);

  it('is red when the subscription is gone, before anything is published', async () => {
    const { pubsub } = clientsOf(subject);
    await pubsub.subscription('records-to-bigquery').delete();
    await pubsub.close();
    const checks = await run();
    expect(failures(checks)).toEqual([
      `the subscription is gone: ${subject.topic} has no subscription that writes into BigQuery`,
    ]);
    expect(checks.slice(1).map(({ outcome }) => outcome)).toEqual(Array(3).fill('not tried'));
  }, 120_000);
});
