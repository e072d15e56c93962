import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Entry, Happening } from '../src/activity.ts';
import { DevLog } from '../src/dev-log.ts';

let folder: string;
let path: string;
let errors: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'dev.log');
  errors = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (happening: Happening): Entry => ({ number: 1, at: 0, happening });
const note = (message: string) => entry({ type: 'note', message });

/** One run that writes these lines. */
function run(...lines: readonly string[]): void {
  using log = new DevLog(path, (reason) => errors.push(reason));
  for (const line of lines) log.add(note(line));
}

describe('the log of pnpm dev', () => {
  it('has every line with its source and time, also those that the terminal hides', () => {
    {
      using log = new DevLog(path, (reason) => errors.push(reason));
      log.add(note('Starting'));
      log.add(entry({ type: 'log', source: 'records-api', severity: 'debug', message: '{"a":1}' }));
      log.add(entry({ type: 'container', service: 'records-api', state: 'ready', message: 'http://h' }));
      const changes = [{ path: 'ackDeadlineSeconds', old: '60', new: '90' }];
      const step = {
        operation: 'update',
        urn: 'urn',
        type: 'a:b:C',
        name: 'records',
        changes,
        notEmulated: {},
      };
      log.add(entry({ type: 'step', step: { ...step, operation: 'update' } }));
    }
    const time = '1970-01-01T00:00:00.000Z';
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([
      `${time} dev Starting`,
      `${time} records-api {"a":1}`,
      `${time} records-api ready: http://h`,
      `${time} infra update a:b:C records; ackDeadlineSeconds: 60 → 90`,
      '',
    ]);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps the run before, and no older one', () => {
    for (const text of ['first', 'second', 'third']) run(text);
    expect(readFileSync(path, 'utf8')).toContain('third');
    expect(readFileSync(`${path}.1`, 'utf8')).toContain('second');
    expect(existsSync(`${path}.2`)).toBe(false);
  });

  it('stays within two files of a bounded size, and keeps the last lines', async () => {
    using log = new DevLog(path, (reason) => errors.push(reason), 1_000);
    for (let number = 0; number < 200; number += 1) {
      log.add(note(`line ${number}`));
      await new Promise(setImmediate);
    }
    const [now, before] = [path, `${path}.1`].map((file) => readFileSync(file, 'utf8'));
    expect(now?.length).toBeLessThan(1_100);
    expect(before?.length).toBeLessThan(1_100);
    expect(now).toContain('line 199\n');
    expect(before?.length).toBeGreaterThan(900);
  });

  it('says once that it cannot be written, and the run goes on', async () => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
    using log = new DevLog(join(folder, 'dev.log'), (reason) => errors.push(reason), 0);
    rmSync(folder, { recursive: true });
    for (const text of ['a', 'b', 'c']) {
      log.add(note(text));
      await new Promise(setImmediate);
    }
    expect(errors).toEqual([expect.stringMatching(/dev\.log is not written any more: .*ENOENT/)]);
    mkdirSync(folder);
  });
});
