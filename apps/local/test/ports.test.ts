import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@records/local-cloud';
import { assertPortsFree } from '../src/ports.ts';

let server: Server;
let taken: number;

beforeAll(async () => {
  server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  taken = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

const api = (port: number) => ({ service: 'the API', variable: 'API_PORT', port });
const pubsub = (port: number) => ({ service: 'Pub/Sub', variable: 'PUBSUB_PORT', port });
const bigquery = (port: number) => ({ service: 'BigQuery', variable: 'BIGQUERY_PORT', port });

describe('the ports of pnpm dev', () => {
  it('are accepted when they are free, or when the system may choose', async () => {
    await assertPortsFree([api(await freePort()), pubsub(0), bigquery(0)]);
  });

  it('are refused all at once, with the variable of each', async () => {
    await expect(assertPortsFree([api(taken), pubsub(0), bigquery(taken)])).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(
            `^port ${taken} of the API is taken.*\\n.*port ${taken} of BigQuery is also the port of the API$`,
          ),
        ),
        hint: 'stop what listens there, or take free ports: API_PORT=0 BIGQUERY_PORT=0 pnpm dev',
      }),
    );
  });

  (process.platform === 'linux' ? it : it.skip)('name the process that listens', async () => {
    await expect(assertPortsFree([api(taken)])).rejects.toThrow(
      `port ${taken} of the API is taken by process ${process.pid} (`,
    );
  });

  it('are looked at before anything is made', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dev-'));
    const program = join(import.meta.dirname, '..', 'src', 'cli.ts');
    const args = [program, '--folder', folder, '--fresh', '--bigquery-port', String(taken)];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        new RegExp(`^error: port ${taken} of BigQuery is taken.*\\n.*: BIGQUERY_PORT=0 .*dev\\n$`),
      ),
    });
    expect(existsSync(join(folder, 'cloud'))).toBe(false);
    await rm(folder, { recursive: true });
  });
});
