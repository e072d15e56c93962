import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environment } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { ApiProcess } from './support/process.ts';
import { answerAll, oneRow } from './support/replies.ts';

const DOCKERFILE = fileURLToPath(new URL('../Dockerfile', import.meta.url));
const BUILD = fileURLToPath(new URL('../esbuild.config.ts', import.meta.url));

/** Bytes of all files together, which every starting instance downloads and reads. */
const MAX_SIZE = 8e6;

/** The user `nonroot` of distroless images. */
const NONROOT = 65_532;

let home: string;
let folder: string;
let front: BigQueryFront;

beforeAll(async () => {
  // Outside the repository, where a missing dependency cannot be found by accident.
  home = await mkdtemp(join(tmpdir(), 'records-api-'));
  folder = join(home, 'app');
  await mkdir(folder);
  front = await BigQueryFront.listen();
});

afterAll(async () => {
  await chmod(folder, 0o755);
  await rm(home, { recursive: true });
});

describe('the Dockerfile', () => {
  it('copies only folders that its build context has', async () => {
    const [dockerfile, ignored] = await Promise.all(
      [DOCKERFILE, `${DOCKERFILE}.dockerignore`].map((file) => readFile(file, 'utf8')),
    );
    const copied = [...(dockerfile ?? '').matchAll(/^COPY ((?:apps|packages)\/\S+)/gm)].map(
      ([, from]) => from,
    );
    expect(copied.length).toBeGreaterThan(3);
    const context = [...(ignored ?? '').matchAll(/^!((?:apps|packages)\/\S+)$/gm)].map(([, path]) => path);
    expect(context.sort()).toEqual(copied.sort());
  });
});

describe('the bundle', () => {
  it('runs as in the image: with Node alone, in a read-only folder, as a user other than root', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [BUILD, folder]);
    expect(stdout).toMatch(/^main\.js {2}\d\.\d\d MB$/m);
    const programs = ['main.js', 'probe.js', 'sweep.js'].flatMap((name) => [name, `${name}.LEGAL.txt`]);
    const files = ['compile.js', 'package.json', ...programs].sort();
    expect((await readdir(folder)).sort()).toEqual(files);
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
    const size = sizes.reduce((sum, one) => sum + one, 0);
    expect(size).toBeLessThan(MAX_SIZE);

    answerAll(front, () => oneRow);
    const how = {
      node: await readableByAnybody(),
      cwd: folder,
      user: process.getuid?.() === 0 ? NONROOT : undefined,
    };
    const cache = { NODE_COMPILE_CACHE: join(home, 'compiled') };
    await mkdir(cache.NODE_COMPILE_CACHE, { mode: 0o777 });
    await chmod(cache.NODE_COMPILE_CACHE, 0o777);
    expect(await new ApiProcess({ ...environment, ...cache }, ['compile.js'], how).exited()).toBe(0);
    const started = performance.now();
    const debug = { ...cache, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const api = await ApiProcess.listen(front.url, ['main.js'], how, debug);
    const record = await fetch(`${api.url}/records/a`);
    expect(record.status).toBe(200);
    const figures = [
      `${files.length} files, ${(size / 1e6).toFixed(2)} MB`,
      `first 200 after ${(performance.now() - started).toFixed(0)} ms`,
      `${await residentOf(api.child.pid)} resident`,
    ];
    process.stdout.write(`the bundle: ${figures.join('; ')}\n`);
    expect(await record.json()).toEqual({ id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' });
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs', '/problems']) {
      expect([path, (await fetch(api.url + path)).status]).toEqual([path, 200]);
    }
    const prober = new ApiProcess({}, ['probe.js'], how);
    expect(await prober.exited()).toBe(1);
    expect(prober.stderr).toContain('API_URL is not set');
    api.child.kill('SIGTERM');
    expect(await api.exited()).toBe(0);
    expect(api.stderr).toMatch(/^\[compile cache\].*main\.js was accepted/m);
    expect(api.stderr.replace(/^\[compile cache\].*\n/gm, '')).toBe('');
    expect((await readdir(folder)).sort()).toEqual(files);
  });
});

/** Only on Linux. https://www.man7.org/linux/man-pages/man5/proc_pid_status.5.html */
async function residentOf(pid: number | undefined): Promise<string> {
  if (process.platform !== 'linux') return 'an unknown amount';
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return `${((Number(kibibytes) * 1024) / 1e6).toFixed(0)} MB`;
}

/** Makes the folder read-only and copies Node to where the other user can run it. Returns that path. */
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
