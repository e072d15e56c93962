import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, expect, it } from '@jest/globals';
import { Google } from '@records/runtime';
import { readSweepConfig } from '../src/sweep/config.ts';
import { sweep } from '../src/sweep/sweep.ts';

const CONFIG = readSweepConfig({
  GOOGLE_CLOUD_PROJECT: 'my-project',
  BIGQUERY_LOCATION: 'southamerica-west1',
  RECORDS_TABLE: 'my-project.records.records',
  AMENDMENTS_TABLE: 'my-project.records.amendments',
});

const closes: (() => void)[] = [];

afterEach(() => {
  for (const close of closes.splice(0)) close();
});

interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** Sweeps with a BigQuery that gives these answers, and tells the statements that it was sent. */
async function run(...answers: readonly Answer[]) {
  const statements: string[] = [];
  const left = [...answers];
  const server = createServer(async (request: IncomingMessage, response) => {
    const sent = request.method === 'POST' ? ((await json(request)) as { query: string }) : undefined;
    statements.push(sent?.query.split(' ', 1)[0] ?? 'wait');
    const { status = 200, body } = left.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closes.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const google = new Google({ BIGQUERY_EMULATOR_HOST: `http://127.0.0.1:${port}` });
  return { line: await sweep(CONFIG, google), statements };
}

const counted = (count: number): Answer => ({
  body: { jobComplete: true, rows: [{ f: [{ v: String(count) }] }] },
});
const refused = (code: number, message: string): Answer => ({
  status: code,
  body: { error: { code, message, errors: [{ reason: 'invalidQuery', message }] } },
});

it('the sweep reads no record while nobody was forgotten', async () => {
  expect(await run(counted(0))).toMatchObject({
    ...{ statements: ['SELECT'], line: { severity: 'INFO', rows: 0 } },
  });
});

it('the sweep deletes nothing, which would be billed as the whole table, while nobody has arrived again', async () => {
  expect((await run(counted(3), counted(0))).statements).toEqual(['SELECT', 'SELECT']);
});

it('the sweep waits for a long DELETE and counts what it deleted', async () => {
  const busy = { body: { jobComplete: false, jobReference: { jobId: 'long' } } };
  const done = { body: { jobComplete: true, numDmlAffectedRows: '2' } };
  expect(await run(counted(3), counted(2), busy, done)).toMatchObject({
    ...{ statements: ['SELECT', 'SELECT', 'DELETE', 'wait'], line: { severity: 'INFO', rows: 2 } },
  });
});

it('the sweep fails in the words of Google on any refusal, rows of the streaming buffer included', async () => {
  const buffer = 'UPDATE or DELETE statement over table t would affect rows in the streaming buffer';
  expect((await run(counted(3), counted(2), refused(400, buffer))).line).toMatchObject({
    ...{ severity: 'ERROR', message: `the sweep failed: ${buffer}`, rows: 0 },
  });
  expect((await run(refused(403, 'Access Denied: Table t'))).line).toMatchObject({
    severity: 'ERROR',
    message: 'the sweep failed: Access Denied: Table t',
  });
});
