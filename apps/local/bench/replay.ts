/**
 * pnpm bench:replay [MESSAGES]: publishes messages that the topic takes and the table refuses, mends the table, and has
 * `pnpm ops dead-letters replay` publish them again, twice. Exit code 0 when each is stored once and the second changes nothing.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { avroDefinition } from '@records/records-schema';
import { LocalStack } from '../src/local-stack.ts';
import { REPOSITORY } from '../src/paths.ts';
import { clientsOf } from '../test/clients.ts';

/** What one run of the operator's command looks at, at most. */
const MESSAGES_MAX = 100_000;
const messages = Number(process.argv[2] ?? 1_000);
if (!Number.isSafeInteger(messages) || messages < 1 || messages > MESSAGES_MAX)
  throw new TypeError(`usage: pnpm bench:replay [MESSAGES], 1 to ${MESSAGES_MAX}`);

/** What a publisher sends that was brought up to date before the table and the topic. */
const FIELD = { name: 'edad', type: ['null', 'string'], default: null };
const POLL_MS = 50;
/** Longest time in which nothing moves. */
const STALL_MS = 60_000;
const AT_ONCE = 1_000;

const whole = (value: number) => value.toLocaleString('en-US');
const folder = await mkdtemp(join(tmpdir(), 'bench-replay-'));
await using cleanUp = new AsyncDisposableStack();
cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
const stack = cleanUp.use(await LocalStack.create());
const { topic, table, deadLetterSubscription } = stack.outputs;
const [, datasetId = '', tableId = ''] = table.split('.');
const { bigquery, pubsub: client } = clientsOf(stack);
cleanUp.defer(() => client.close());
const { pubsub } = stack.cloud;
const { subscriptions } = await pubsub.listTopicSubscriptions({ topic });
const stackFile = join(folder, 'stack.json');
await writeFile(
  stackFile,
  JSON.stringify({ pid: process.pid, outputs: stack.outputs, environment: stack.environment }),
);

interface Counts {
  readonly rows: number;
  /** Different ids among the rows. */
  readonly ids: number;
  readonly letters: number;
}

async function publish(): Promise<void> {
  const publisher = client.topic(topic, { batching: { maxMessages: AT_ONCE, maxMilliseconds: 10 } });
  for (let start = 0; start < messages; start += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, messages - start) }, (_, index) => ({
      id: `replay-${start + index}`,
      nombre: 'Inés',
      apellido: 'Ávila',
      pais: 'Chile',
      [FIELD.name]: { string: '41' },
    }));
    await Promise.all(
      batch.map((record) => publisher.publishMessage({ data: Buffer.from(JSON.stringify(record)) })),
    );
  }
}

/** Adds the column, then the field, in the order of docs/schema-change.md. */
async function mend(): Promise<void> {
  const columns = (await stack.cloud.bigquery.getTable(datasetId, tableId)).schema?.fields ?? [];
  const fields = [...columns, { name: FIELD.name, type: 'STRING', mode: 'NULLABLE' }];
  await stack.cloud.bigquery.patchTable(datasetId, tableId, { schema: { fields } });
  const name = (await pubsub.getTopic({ topic })).schemaSettings?.schema ?? '';
  const avro = JSON.parse(avroDefinition) as { fields: object[] };
  const definition = JSON.stringify({ ...avro, fields: [...avro.fields, FIELD] });
  await pubsub.commitSchema({ name, schema: { name, type: 'AVRO', definition } });
}

/** Waits until nothing waits to be written. */
async function written(): Promise<void> {
  let [before, since] = [-1, performance.now()];
  for (;;) {
    const sizes = await Promise.all(
      subscriptions.map((subscription) => pubsub.backlogSize({ subscription })),
    );
    const backlog = sizes.reduce((sum, size) => sum + size, 0);
    if (backlog === 0) return;
    if (backlog !== before) [before, since] = [backlog, performance.now()];
    if (performance.now() - since > STALL_MS)
      throw new Error(`${backlog} messages wait to be written, and no fewer for ${STALL_MS / 1_000} s`);
    await delay(POLL_MS);
  }
}

async function counts(): Promise<Counts> {
  const [[row]] = await bigquery.query(
    `SELECT COUNT(*) AS stored, COUNT(DISTINCT id) AS ids FROM \`${datasetId}.${tableId}\``,
  );
  const letters = await pubsub.backlogSize({ subscription: deadLetterSubscription });
  return { rows: Number(row.stored), ids: Number(row.ids), letters };
}

/** Answers how many `pnpm ops dead-letters replay` says that it has published again. */
async function replay(): Promise<number> {
  const cli = join(REPOSITORY, 'apps', 'operator', 'src', 'cli.ts');
  const args = [
    cli,
    'dead-letters',
    'replay',
    '--stack-file',
    stackFile,
    '--limit',
    `${MESSAGES_MAX}`,
    '--json',
  ];
  // What it asks is served by this process, so nothing here may wait for it.
  const stdout = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, args, (error, stdout, stderr) =>
      error ? reject(new Error(`pnpm ops dead-letters replay: ${stderr}${stdout}`)) : resolve(stdout),
    ),
  );
  return (JSON.parse(stdout) as { replayed: number }).replayed;
}

const began = performance.now();
await publish();
await written();
const poisoned = await counts();
console.log(`${whole(messages)} poisoned messages: ${whole(poisoned.letters)} dead letters`);

await mend();
const replayed = await replay();
await written();
const first = await counts();
console.log(
  `the table mended, ${whole(replayed)} replayed: ${whole(first.rows)} stored, ${whole(first.ids)} of them different, ${whole(first.letters)} dead letters left`,
);

const again = await replay();
await written();
const second = await counts();
const changes = again + Math.abs(second.rows - first.rows) + Math.abs(second.letters - first.letters);
console.log(`a second replay: ${whole(changes)} changes`);
const isGood =
  poisoned.rows === 0 &&
  poisoned.letters === messages &&
  replayed === messages &&
  first.rows === messages &&
  first.ids === messages &&
  first.letters === 0 &&
  changes === 0;
console.log(`${isGood ? 'GOOD' : 'BAD'}, in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
process.exitCode = isGood ? 0 : 1;
