import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BigQueryFront } from './support/bigquery-front.ts';
import { ApiProcess } from './support/process.ts';
import { oneRow } from './support/replies.ts';

const BUILD = fileURLToPath(new URL('../esbuild.config.ts', import.meta.url));

/** Of `nonroot` in distroless images. */
const NONROOT = 65_532;

let home: string;
let folder: string;
let front: BigQueryFront;

beforeAll(async () => {
  // Outside the repository: nothing that the bundle forgot can be found by accident.
  home = await mkdtemp(join(tmpdir(), 'records-api-'));
  folder = join(home, 'app');
  await mkdir(folder);
  front = await BigQueryFront.listen();
});

afterAll(async () => {
  await chmod(folder, 0o755);
  await rm(home, { recursive: true });
});

describe('the bundle', () => {
  it('runs as in the image: nothing but Node, a folder that it can not write to, a user that is not root', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [BUILD, folder]);
    expect(stdout).toMatch(/^main\.js {2}\d\.\d\d MB\n/);
    const programs = ['main.js', 'main.js.LEGAL.txt', 'probe.js', 'probe.js.LEGAL.txt'];
    const files = ['package.json', ...programs].sort();
    expect((await readdir(folder)).sort()).toEqual(files);

    front.fault = () => oneRow;
    const how = {
      node: await readableByAnybody(),
      cwd: folder,
      user: process.getuid?.() === 0 ? NONROOT : undefined,
    };
    const api = await ApiProcess.listen(front.url, ['main.js'], how);
    const record = await fetch(`${api.url}/records/a`);
    expect(await record.json()).toEqual({ id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs', '/problems']) {
      expect([path, (await fetch(api.url + path)).status]).toEqual([path, 200]);
    }
    const prober = new ApiProcess({}, ['probe.js'], how);
    expect(await prober.exited()).toBe(1);
    expect(prober.stderr).toContain('API_URL is not set');
    api.child.kill('SIGTERM');
    expect(await api.exited()).toBe(0);
    expect(api.stderr).toBe('');
    expect((await readdir(folder)).sort()).toEqual(files);
  }, 60_000);
});

/** Takes every right to write from the folder, and gives the other user a Node that it may run. Answers where that is. */
async function readableByAnybody(): Promise<string> {
  const node = join(home, 'node');
  await copyFile(process.execPath, node);
  for (const [path, mode] of [
    [node, 0o755],
    [home, 0o755],
    ...(await readdir(folder)).map((file) => [join(folder, file), 0o444] as const),
    [folder, 0o555],
  ] as const) {
    await chmod(path, mode);
  }
  if (process.getuid?.() !== 0) {
    await expect(writeFile(join(folder, 'new'), '')).rejects.toMatchObject({ code: 'EACCES' });
  }
  return node;
}
