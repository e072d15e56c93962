import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BigQueryFront } from './support/bigquery-front.ts';
import { ApiProcess } from './support/process.ts';
import { oneRow } from './support/replies.ts';

const BUILD = fileURLToPath(new URL('../esbuild.config.ts', import.meta.url));

let folder: string;
let front: BigQueryFront;

beforeAll(async () => {
  // Outside the repository: nothing that the bundle forgot can be found by accident.
  folder = await mkdtemp(join(tmpdir(), 'records-api-'));
  front = await BigQueryFront.listen();
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the bundle', () => {
  it('runs by itself in an empty folder: records, documents, signals', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [BUILD, folder]);
    expect(stdout).toMatch(/^main\.js {2}\d\.\d\d MB\n/);
    expect((await readdir(folder)).sort()).toEqual(['main.js', 'main.js.LEGAL.txt', 'package.json']);

    front.fault = () => oneRow;
    const api = await ApiProcess.listen(front.url, ['main.js'], folder);
    const record = await fetch(`${api.url}/records/a`);
    expect(await record.json()).toEqual({ id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs', '/problems']) {
      expect([path, (await fetch(api.url + path)).status]).toEqual([path, 200]);
    }
    api.child.kill('SIGTERM');
    expect(await api.exited()).toBe(0);
    expect(api.stderr).toBe('');
  }, 60_000);
});
