import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildTestApi } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable } from './support/table.ts';

const GUIDE = join(import.meta.dirname, '..', '..', '..', 'docs', 'reading.md');
const RECORDS = 2_345;

const run = promisify(execFile);

describe('docs/reading.md', () => {
  let url: string;
  let folder: string;

  beforeAll(async () => {
    const table = await openTestTable();
    const countries = ['Perú', 'Costa Rica', 'Chile'];
    const rows = Array.from({ length: RECORDS }, (_, n) => ({
      ...{ id: `r${n}`, nombre: 'Ana', apellido: 'Núñez' },
      pais: countries[n % countries.length] ?? '',
    }));
    await table.append(rows);
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing: new FakeTiming() });
    url = await app.listen({ port: 0, host: '127.0.0.1' });
    folder = await mkdtemp(join(tmpdir(), 'reading-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has TypeScript that reads every record', async () => {
    const file = join(folder, 'read-records.ts');
    await writeFile(file, await snippet('ts'));
    const { stdout } = await run(process.execPath, [file, url], { cwd: folder });
    expect(stdout).toBe(`${RECORDS}\n`);
  });

  it('has TypeScript that says what it needs', async () => {
    const file = join(folder, 'read-records.ts');
    await writeFile(file, await snippet('ts'));
    await expect(run(process.execPath, [file], { cwd: folder })).rejects.toMatchObject({
      code: 2,
      stderr: 'Name the API: node read-records.ts http://127.0.0.1:8080\n',
    });
  });

  it('has shell commands whose requests all succeed', async () => {
    const script = `set -e\n${await snippet('sh')}`;
    const env = { PATH: process.env.PATH, API: url };
    const { stdout } = await run('sh', ['-c', script], { cwd: folder, env, maxBuffer: 10_000_000 });
    expect(stdout).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*^x-total-count: 2345\r$/m);
    expect(stdout).toContain('"pais":"Costa Rica"');
    expect(stdout).not.toContain('"pais":"Chile"},{');
    expect(stdout).toContain('id,nombre,apellido,pais\r\n');
    expect(stdout).toMatch(/304\n$/);
    const file = await readFile(join(folder, 'records.csv'), 'utf8');
    expect(file.trimEnd().split('\r\n')).toHaveLength(RECORDS + 1);
  });
});

async function snippet(language: string): Promise<string> {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(await readFile(GUIDE, 'utf8'))?.[1];
  if (code === undefined) throw new Error(`docs/reading.md has no ${language}`);
  return code;
}
