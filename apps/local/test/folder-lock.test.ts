import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockFolder } from '../src/folder-lock.ts';

const SOURCE = join(import.meta.dirname, '..', 'src');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Another process that holds the folder until it is killed. */
async function holder() {
  const code = `import { lockFolder } from ${JSON.stringify(join(SOURCE, 'folder-lock.ts'))};
    globalThis.lock = lockFolder(${JSON.stringify(folder)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the folder of pnpm dev', () => {
  it('is named with what to do when it is a file', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => lockFolder(file)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(`^${file} cannot hold the data: .*EEXIST`),
        hint: 'name a folder that you may write, with --folder',
      }),
    );
  });

  it('belongs to one process at a time, until that process ends, even by a kill', async () => {
    const child = await holder();
    expect(lockFolder(folder)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFolder(folder)?.[Symbol.dispose]();
    const again = lockFolder(folder);
    expect(again).toBeDefined();
    again?.[Symbol.dispose]();
  });

  it('is free in a copy of the checkout', async () => {
    const child = await holder();
    const copy = join(folder, 'copy');
    cpSync(join(folder, 'lock'), join(copy, 'lock'));
    const lock = lockFolder(copy);
    expect(lock).toBeDefined();
    lock?.[Symbol.dispose]();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('is not emptied by --fresh while another process uses it', async () => {
    const child = await holder();
    const data = join(folder, 'cloud');
    cpSync(join(folder, 'lock'), data);
    // Without a lock it would stop at this port.
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const port = String((server.address() as AddressInfo).port);
    const args = [join(SOURCE, 'cli.ts'), '--folder', folder, '--fresh', '--api-port', port];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^error: a stack already runs with the data in .*\n +stop it with Ctrl-C, or/,
      ),
    });
    expect(existsSync(data)).toBe(true);
    server.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('names a lock that is not one, and what to do', () => {
    writeFileSync(join(folder, 'lock'), 'garbage, and more of it than the head of a database '.repeat(3));
    expect(() => lockFolder(folder)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/lock cannot be locked: .*file is not a database$/),
        hint: `delete ${join(folder, 'lock')}`,
      }),
    );
  });
});
