/**
 * Publishes records to a local stack, waits until its table has them, and answers the rate per second:
 * `node table-process.ts TARGET`, a `Target` as JSON.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import type { Target } from '@records/stack';
import { PassThroughClient } from 'google-auth-library';
import { answer } from '../../shared/forked-process.ts';
import { publishRecords } from './publish-records.ts';

/** Between two queries of the table. */
const POLL_MS = 5;

const target = JSON.parse(process.argv[2] ?? '') as Target;
const { projectId, topic, table, environment } = target;
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
  const query = `SELECT ${what} AS found FROM \`${table}\` WHERE STARTS_WITH(id, @prefix)`;
  const [[row]] = await bigquery.query({ query, params: { prefix: `${run}-` } });
  return Number(row?.found);
}

let runs = 0;
answer(async (total: number) => {
  runs += 1;
  const run = `bench-${runs}`;
  const began = performance.now();
  await publishRecords(pubsub, topic, run, total);
  while ((await count('COUNT(*)', run)) < total) await delay(POLL_MS);
  const seconds = (performance.now() - began) / 1_000;
  const different = await count('COUNT(DISTINCT id)', run);
  if (different !== total) throw new Error(`${total} records were published, and the table has ${different}`);
  return total / seconds;
});
