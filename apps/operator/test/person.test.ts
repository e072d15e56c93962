import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { amendmentColumns, bigQueryColumns } from '@records/records-schema';
import { bigqueryClient } from '@records/stack/clients';
import { ops } from './support/ops.ts';
import { TestStack } from './support/stack.ts';

// Whole processes, on a machine that may be busy.
const ANA = { id: 'a1', nombre: 'Ana', apellido: 'Ruiz', pais: 'Perú' };
const OTHER = { id: 'w2', nombre: 'Ana', apellido: 'Paz', pais: 'Cuba' };
const BUFFER =
  'UPDATE or DELETE statement over table records.people would affect rows in the streaming buffer, which is not supported';

let stack: TestStack;
let folder: string;
let ended: () => Promise<void>;

beforeAll(async () => {
  stack = await TestStack.start();
  folder = await mkdtemp(join(tmpdir(), 'person-'));
  const dataset = bigqueryClient(stack.target).dataset('records');
  const tables = { people: bigQueryColumns, amendments: amendmentColumns };
  for (const [name, fields] of Object.entries(tables))
    await dataset.createTable(name, { schema: { fields: [...fields] } });
  await dataset.table('people').insert([ANA, ANA, OTHER]);
  await writeStack('stack.json', stack.target.environment);
  const proxy = await refusingDml(stack.target.environment.BIGQUERY_EMULATOR_HOST ?? '');
  ended = proxy.close;
  await writeStack('busy.json', { ...stack.target.environment, BIGQUERY_EMULATOR_HOST: proxy.url });
});

afterAll(async () => {
  await ended();
  await stack[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function writeStack(file: string, environment: object): Promise<void> {
  const description = stack.description as { outputs: object };
  const outputs = {
    ...description.outputs,
    ...{ table: 'operator-test.records.people', amendments: 'operator-test.records.amendments' },
  };
  await writeFile(join(folder, file), JSON.stringify({ ...description, outputs, environment }));
}

/** BigQuery as it answers while rows are in its streaming buffer. */
async function refusingDml(target: string) {
  const body = JSON.stringify({
    error: { code: 400, message: BUFFER, errors: [{ reason: 'invalidQuery', message: BUFFER }] },
  });
  const server = createServer(async (incoming, outgoing) => {
    const sent = await text(incoming);
    if (/DELETE FROM|UPDATE `/.test(sent))
      return outgoing.writeHead(400, { 'content-type': 'application/json' }).end(body);
    const { method, headers, url = '' } = incoming;
    const onward = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.end(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { pathname } = new URL(target);
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`, close };
}

const person = (verb: string, ...args: readonly string[]) =>
  ops('person', verb, ...args, '--stack-file', join(folder, 'stack.json'));
const rows = async (table: string) => {
  const [found] = await bigqueryClient(stack.target).query(`SELECT * FROM records.${table} ORDER BY 1`);
  return found;
};

it('a search that matches several people changes nothing, and lists their ids', async () => {
  const run = await person('forget', 'nombre=Ana', '--yes');
  expect(run).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('several records have nombre=Ana: a1, w2'),
  });
  expect(await rows('amendments')).toEqual([]);
});

it('a dry run lists every copy and changes nothing', async () => {
  const run = await person('forget', 'a1', '--dry-run');
  expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/rows +2 +a1 Ana Ruiz Perú/) });
  expect(run.stdout).toContain('nothing was changed');
  // What the command cannot see, and how to.
  expect(run.stdout).toMatch(
    /topic +\? +keeps messages for 7 days, which only a new subscription could read/,
  );
  expect(run.stdout).toContain(
    `gcloud logging read 'jsonPayload.leftOut.id="a1"' --freshness=30d --project=operator-test`,
  );
  expect([(await rows('people')).length, await rows('amendments')]).toEqual([3, []]);
});

it('an id that the stack has no copy of is refused', async () => {
  expect(await person('forget', 'A1', '--yes')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no copy of this record'),
  });
});

it('corrections of several values add up, in the rows and for readers', async () => {
  expect((await person('correct', 'a1', '--set', 'apellido=Ruíz')).exitCode).toBe(0);
  expect((await person('correct', 'apellido=Ruíz', '--set', 'pais=Chile')).exitCode).toBe(0);
  expect(await rows('amendments')).toMatchObject([
    { what: 'corrected', apellido: 'Ruíz', pais: 'Chile', nombre: null },
  ]);
  expect(await rows('people')).toEqual([
    { ...ANA, apellido: 'Ruíz', pais: 'Chile' },
    { ...ANA, apellido: 'Ruíz', pais: 'Chile' },
    OTHER,
  ]);
});

it('a person whose rows are in the streaming buffer is hidden at once, and deleted by a sweep', async () => {
  const busy = await ops('person', 'forget', 'a1', '--stack-file', join(folder, 'busy.json'));
  expect(busy).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('pnpm ops person sweep') });
  expect(await rows('amendments')).toMatchObject([
    { what: 'forgotten', nombre: null, apellido: null, pais: null },
  ]);
  expect((await rows('people')).length).toBe(3);
  expect(await person('sweep')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('2 rows and 0 dead letters'),
  });
  expect(await rows('people')).toEqual([OTHER]);
});

it('a receipt says what was found and when the last copy is gone, and names nobody', async () => {
  const run = await person('forget', 'w2', '--json');
  const receipt = JSON.parse(run.stdout);
  expect(receipt).toMatchObject({
    record: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    ...{
      what: 'forgotten',
      found: { rows: 1, amendments: 0, deadLetters: 0 },
      changed: { rows: 1, deadLetters: 0 },
    },
  });
  const days = (Date.parse(receipt.goneBy.failSafe) - Date.parse(receipt.at)) / 86_400_000;
  expect(days).toBe(14);
  for (const value of Object.values(OTHER)) expect(run.stdout).not.toContain(value);
  expect(await rows('people')).toEqual([]);
});

it('a person who was forgotten cannot be corrected', async () => {
  expect(await person('correct', 'w2', '--set', 'pais=Perú')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('was forgotten'),
  });
});

it('a correction without a value is refused as a wrong option', async () => {
  expect(await person('correct', 'w2')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("required option '--set <name=value...>' not specified"),
  });
});

it.each([
  ['a'.repeat(257), 'nombre must be at most 256 characters, not 257'],
  ['Ana\tMaría', 'nombre must be 1 to 256 characters without control characters'],
])('a correction to a value that no publisher may send is refused: %j', async (value, rule) => {
  expect(await person('correct', 'w2', '--set', `nombre=${value}`)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(rule),
  });
});

it('a correction of an unknown value is refused as a wrong option', async () => {
  expect(await person('correct', 'w2', '--set', 'id=c3')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('must be nombre=VALUE, apellido=VALUE or pais=VALUE'),
  });
});
