import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Google, type ProbeResult, probe } from '@records/api/probe';
import type { Grant } from '@records/local-cloud';
import { clientsOf } from '../src/clients.ts';
import { LocalStack } from '../src/local-stack.ts';

const PROBER = 'serviceAccount:records-probe@records-local.iam.gserviceaccount.com';

let stack: LocalStack;
let bigquery: BigQuery;

beforeAll(async () => {
  stack = await LocalStack.create();
  const { pubsub, bigquery: client } = clientsOf(stack);
  await pubsub.close();
  bigquery = client;
}, 120_000);

afterAll(() => stack?.close());

/** The declared job, as its account. Answers its exit and its one line. */
async function runJob(): Promise<{ succeeded: boolean; line: { message: string; probe: ProbeResult } }> {
  const { succeeded, lines } = await stack.runProbe();
  expect(lines).toHaveLength(1);
  return { succeeded, line: JSON.parse(lines[0] ?? '') };
}

/** The same program in this process, where time passes only by waiting. */
function runHere(api = stack.outputs.apiUrl): Promise<ProbeResult> {
  let time = Date.now();
  const [projectId = '', datasetId = '', tableId = ''] = stack.outputs.table.split('.');
  return probe({
    config: {
      ...{ api, topic: stack.outputs.topic, table: { projectId, datasetId, tableId } },
      ...{ project: projectId, location: stack.outputs.region, isApiPrivate: false, job: 'records-probe' },
    },
    google: new Google(stack.environment),
    waits: {
      ...{ waitMs: 120_000, pauseMs: 1_000, now: () => time },
      pause: async (ms) => {
        time += ms;
        await setImmediate();
      },
    },
  });
}

async function probeRows(): Promise<string[]> {
  const [rows] = await bigquery.query(
    `SELECT id FROM \`${stack.outputs.table}\` WHERE STARTS_WITH(id, 'probe-') ORDER BY id`,
  );
  return rows.map(({ id }: { id: string }) => id);
}

/** Ids of the public list, once it is as new as the last change of the table. */
async function listed(): Promise<string[]> {
  for (;;) {
    const response = await fetch(`${stack.outputs.apiUrl}/records?limit=1000`);
    const ids = ((await response.json()) as { id: string }[]).map(({ id }) => id);
    if (ids.every((id) => !id.startsWith('probe-'))) return ids;
  }
}

const insert = (rows: readonly string[]) =>
  bigquery.query(
    `INSERT INTO \`${stack.outputs.table}\` (id, nombre, apellido, pais) VALUES ${rows.join(', ')}`,
  );

describe('the prober', () => {
  it('passes on a system that works, as the account that the program grants, and removes its record', async () => {
    const { succeeded, line } = await runJob();
    expect({ succeeded, line }).toMatchObject({
      succeeded: true,
      line: {
        severity: 'INFO',
        message: expect.stringMatching(/^probe passed in \d+\.\d s$/),
        probe: {
          outcome: 'passed',
          seconds: { publish: expect.any(Number), visible: expect.any(Number), delete: expect.any(Number) },
          swept: 0,
        },
      },
    });
    expect(await probeRows()).toEqual([]);
    expect(await listed()).toEqual([]);
  }, 60_000);

  it('removes what a run that crashed left, not what may be of a run under way, and no record of a publisher', async () => {
    const old = `probe-${(Date.now() - 3_600_000).toString(36)}-left`;
    const young = `probe-${Date.now().toString(36)}-running`;
    await insert([
      `('${old}', 'Prueba', 'De Extremo Ñandú', 'Perú')`,
      `('${young}', 'Prueba', 'De Extremo Ñandú', 'Perú')`,
      `('probe-01', 'Ana', 'Pérez', 'Chile')`,
    ]);
    expect(await runHere()).toMatchObject({ outcome: 'passed', swept: 1 });
    expect(await probeRows()).toEqual(['probe-01', young]);
    await bigquery.query(`DELETE FROM \`${stack.outputs.table}\` WHERE STARTS_WITH(id, 'probe-')`);
  }, 60_000);

  it('fails at "visible" when the API serves another table, and removes its record all the same', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('{"title":"Record not found"}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const result = await runHere(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.close();
    expect(result).toMatchObject({
      outcome: 'failed',
      stage: 'visible',
      reason:
        'the API does not serve the record 120 s after it was published, and answers 404 {"title":"Record not found"}',
    });
    expect(await probeRows()).toEqual([]);
  }, 60_000);

  it('fails at "delete" without the grant on the table, with a non-zero exit', async () => {
    const { iam } = stack.cloud;
    const held = iam
      .grants()
      .find((grant): grant is Grant => grant.member === PROBER && grant.role === 'roles/bigquery.dataEditor');
    if (!held) throw new Error('the program grants the prober nothing on the table');
    iam.revoke(held);
    const { succeeded, line } = await runJob();
    iam.grant(held);
    expect({ succeeded, line }).toMatchObject({
      succeeded: false,
      line: {
        severity: 'ERROR',
        message: expect.stringMatching(/^probe failed at delete: .*bigquery\.tables\.updateData/),
        probe: { outcome: 'failed', stage: 'delete' },
      },
    });
    expect(await probeRows()).toHaveLength(1);
    await bigquery.query(`DELETE FROM \`${stack.outputs.table}\` WHERE STARTS_WITH(id, 'probe-')`);
  }, 60_000);

  it('fails at "publish" without the grant on the topic', async () => {
    const { iam } = stack.cloud;
    const held = iam
      .grants()
      .find((grant): grant is Grant => grant.member === PROBER && grant.role === 'roles/pubsub.publisher');
    if (!held) throw new Error('the program does not let the prober publish');
    iam.revoke(held);
    const { succeeded, line } = await runJob();
    iam.grant(held);
    expect({ succeeded, stage: line.probe.stage }).toEqual({ succeeded: false, stage: 'publish' });
    expect(line.message).toContain('User not authorized');
    expect(line.probe.seconds).not.toHaveProperty('visible');
  }, 60_000);

  it('fails at "visible" when the subscription is gone', async () => {
    const { pubsub } = clientsOf(stack);
    await pubsub.subscription('records-to-bigquery').delete();
    await pubsub.close();
    expect(await runHere()).toMatchObject({
      outcome: 'failed',
      stage: 'visible',
      reason: expect.stringMatching(/^the API does not serve the record .* answers 404/),
    });
  }, 60_000);
});
