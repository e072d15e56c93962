/**
 * How fast messages travel from Google's client to committed rows of the local BigQuery, both on disk:
 * `node packages/local-cloud/bench/pubsub.ts [messages]`. Prints figures and asserts nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PubSub as Client } from '@google-cloud/pubsub';
import { BigQuery, Iam, PubSub, PubSubServer, systemClock } from '../src/index.ts';

const TOPIC = 'projects/bench/topics/records';
const SUBSCRIPTION = 'projects/bench/subscriptions/records-to-bigquery';
const COLUMNS = ['id', 'nombre', 'apellido', 'pais'];

if (process.env.BENCH_FOLDER) await serve(process.env.BENCH_FOLDER);
else await measure(Number(process.argv[2] ?? 100_000));

async function serve(folder: string): Promise<void> {
  const iam = new Iam();
  const clock = systemClock;
  const member = 'serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com';
  iam.grant({ resource: 'projects/bench', role: 'roles/bigquery.dataEditor', member });
  const warehouse = await BigQuery.open({
    projectId: 'bench',
    location: 'EU',
    path: join(folder, 'bigquery'),
    clock,
  });
  const fields = COLUMNS.map((name) => ({ name, type: 'STRING', mode: 'REQUIRED' }));
  await warehouse.insertDataset({ datasetReference: { datasetId: 'd' } });
  await warehouse.insertTable('d', { tableReference: { datasetId: 'd', tableId: 't' }, schema: { fields } });
  const pubsub = await PubSub.open({
    path: join(folder, 'pubsub'),
    clock,
    iam,
    warehouse,
    projectNumber: () => '1',
  });
  const server = await PubSubServer.listen(pubsub, { port: 0 });
  const definition = JSON.stringify({
    type: 'record',
    name: 'Record',
    fields: COLUMNS.map((name) => ({ name, type: 'string' })),
  });
  await pubsub.createSchema({
    parent: 'projects/bench',
    schemaId: 'records',
    schema: { type: 'AVRO', definition },
  });
  const schemaSettings = { schema: 'projects/bench/schemas/records', encoding: 'JSON' } as const;
  await pubsub.createTopic({ name: TOPIC, schemaSettings });
  const bigqueryConfig = { table: 'bench.d.t', useTopicSchema: true };
  await pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, bigqueryConfig });
  process.on('message', async () => {
    const { user, system } = process.cpuUsage();
    const waiting = await pubsub.backlogSize({ subscription: SUBSCRIPTION });
    process.send?.({ waiting, cpuMicros: user + system, bytes: process.memoryUsage.rss() });
  });
  process.send?.({ host: server.host });
}

async function measure(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-pubsub-'));
  const child = fork(import.meta.filename, { env: { ...process.env, BENCH_FOLDER: folder } });
  try {
    const [{ host }] = await once(child, 'message');
    process.env.PUBSUB_EMULATOR_HOST = host;
    const client = new Client({ projectId: 'bench' });
    const topic = client.topic(TOPIC, { batching: { maxMessages: 1_000, maxMilliseconds: 10 } });
    for (const [name, messages] of [
      ['warm-up', 20_000],
      ['run', count],
    ] as const) {
      const before = await statusOf(child);
      const start = performance.now();
      const cpu = process.cpuUsage();
      await publish((data) => topic.publishMessage({ data }), messages);
      const published = performance.now();
      const { user, system } = process.cpuUsage(cpu);
      let after = await statusOf(child);
      for (; after.waiting > 0; after = await statusOf(child)) await sleep(10);
      const rate = (end: number) => Math.round((messages / (end - start)) * 1e3).toLocaleString('en');
      const each = (micros: number) => `${(micros / messages).toFixed(1)} µs`;
      console.log(
        `${name}: ${messages.toLocaleString('en')} messages, published ${rate(published)}/s, ` +
          `in the table ${rate(performance.now())}/s; CPU a message: client ${each(user + system)}, ` +
          `server ${each(after.cpuMicros - before.cpuMicros)}; server ${Math.round(after.bytes / 2 ** 20)} MB`,
      );
    }
    await client.close();
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Status {
  /** Messages that are not in the table yet. */
  readonly waiting: number;
  readonly cpuMicros: number;
  readonly bytes: number;
}

async function statusOf(child: ChildProcess): Promise<Status> {
  child.send('status');
  const [status] = await once(child, 'message');
  return status;
}

/** Publishes with a bounded number of messages under way. */
async function publish(send: (data: Buffer) => Promise<string>, count: number): Promise<void> {
  const window = 20_000;
  for (let sent = 0; sent < count; sent += window) {
    const length = Math.min(window, count - sent);
    await Promise.all(Array.from({ length }, (_, index) => send(messageOf(sent + index))));
  }
}

function messageOf(index: number): Buffer {
  return Buffer.from(
    JSON.stringify({ id: `id-${index}`, nombre: 'María José', apellido: 'Núñez Cárdenas', pais: 'México' }),
  );
}
