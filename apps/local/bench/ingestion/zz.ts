import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import { StackProcess } from '../chaos/processes.ts';
import { publishRecords } from './publish-records.ts';

await using stack = await StackProcess.start(process.argv[2] === 'mem' ? '' : await mkdtemp('/tmp/zz-'), {});
const { projectId, topic, table, environment } = stack.ready.target;
const authClient = new PassThroughClient();
const pubsub = new PubSub({
  projectId,
  apiEndpoint: environment.PUBSUB_EMULATOR_HOST ?? '',
  emulatorMode: true,
  authClient,
});
const url = environment.BIGQUERY_EMULATOR_HOST ?? '';
const bigquery = new BigQuery({ projectId, apiEndpoint: url, authClient });
bigquery.baseUrl = url;
async function count(what: string, run: string): Promise<number> {
  const [[row]] = await bigquery.query({
    query: `SELECT ${what} AS found FROM \`${table}\` WHERE STARTS_WITH(id, @prefix)`,
    params: { prefix: `${run}-` },
  });
  return Number(row?.found);
}
const cpu = () => {
  const f = readFileSync(`/proc/${stack.pid}/stat`, 'latin1');
  const p = f.slice(f.lastIndexOf(')') + 2).split(' ');
  return (Number(p[11]) + Number(p[12])) * 10;
};
let r = 0;
for (const total of (process.argv[3] ?? '30000,10000,10000,10000,10000,10000,100000')
  .split(',')
  .map(Number)) {
  const run = `zz-${r++}`;
  const s0 = cpu(),
    c0 = process.cpuUsage();
  const t = performance.now();
  await publishRecords(pubsub, topic, run, total);
  const tp = performance.now() - t;
  const cp = process.cpuUsage(c0);
  const sp = cpu() - s0;
  const looks: string[] = [];
  for (;;) {
    const a = performance.now();
    const n = await count('COUNT(*)', run);
    looks.push(`${n}@${(performance.now() - t).toFixed(0)}(${(performance.now() - a).toFixed(0)})`);
    if (n >= total) break;
    await delay(5);
  }
  const tv = performance.now() - t;
  console.log(
    total,
    'publish',
    tp.toFixed(0),
    'visible',
    tv.toFixed(0),
    'rate',
    ((total / tv) * 1000).toFixed(0),
    'client cpu',
    ((cp.user + cp.system) / 1000).toFixed(0),
    'server cpu while publishing',
    sp,
    'in all',
    cpu() - s0,
    looks.join(' '),
  );
}
process.exit();
