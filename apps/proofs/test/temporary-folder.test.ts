import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const MODULE = join(import.meta.dirname, '..', 'src', 'shared', 'temporary-folder.ts');

/** A process that makes a file in its temporary folder, prints the folder, and goes on. */
function command(goOn: string) {
  const program = `
    import { writeFileSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { inTemporaryFolder } from ${JSON.stringify(MODULE)};
    await inTemporaryFolder(async () => {
      writeFileSync(tmpdir() + '/left', '');
      process.stdout.write(tmpdir());
      ${goOn}
    });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('the temporary files of a command', () => {
  it('are removed at its end', async () => {
    const child = command('');
    const [folder] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect([child.exitCode, folder, existsSync(folder)]).toEqual([
      0,
      expect.stringContaining('records-proofs-'),
      false,
    ]);
  });

  it('are removed by Ctrl-C, which ends it as it ends every process', async () => {
    const child = command('await new Promise(() => setInterval(() => {}, 1_000));');
    const [folder] = await once(child.stdout, 'data');
    expect(existsSync(String(folder))).toBe(true);
    child.kill('SIGINT');
    await once(child, 'exit');
    expect([child.signalCode, existsSync(String(folder))]).toEqual(['SIGINT', false]);
  });

  it('are removed after the processes of an interrupted command were ended', async () => {
    const child = command(`
      process.once('exit', () => writeFileSync(tmpdir() + '/late', ''));
      process.once('exit', () => process.stdout.write('ended'));
      await new Promise(() => setInterval(() => {}, 1_000));`);
    const [folder] = await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [ended] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect([child.signalCode, ended, existsSync(String(folder))]).toEqual(['SIGTERM', 'ended', false]);
  });

  it('are there until a command that stops cleanly has ended', async () => {
    const child = command(`
      const alive = setInterval(() => {}, 1_000);
      await new Promise((resolve) => process.once('SIGINT', resolve));
      clearInterval(alive);
      writeFileSync(tmpdir() + '/last', '');`);
    const [folder] = await once(child.stdout, 'data');
    child.kill('SIGINT');
    await once(child, 'exit');
    expect([child.exitCode, existsSync(String(folder))]).toEqual([0, false]);
  });
});
