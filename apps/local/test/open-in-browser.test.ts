import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openInBrowser } from '../src/console/open-console.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;
const url = 'http://127.0.0.1:4000';
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'browser-'));
  env = { PATH: folder + delimiter + process.env.PATH };
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Stands in for the command that opens a browser. */
async function opener(script: string): Promise<void> {
  await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'xdg-open'), 0o755);
}

onLinux('opens the console in the browser of the desktop', async () => {
  const told = join(folder, 'told');
  await opener(`echo "$1" > ${told}.part && mv ${told}.part ${told}`);
  const notes: string[] = [];
  openInBrowser(url, (text) => notes.push(text), env);
  while (!(await readFile(told, 'utf8').catch(() => ''))) await new Promise(setImmediate);
  expect(await readFile(told, 'utf8')).toBe(`${url}\n`);
  expect(notes).toEqual([]);
});

onLinux('says so when the desktop has no browser', async () => {
  await opener('exit 3');
  const note = await new Promise<string>((resolve) => openInBrowser(url, resolve, env));
  expect(note).toBe(`No browser could be opened. Open ${url} yourself.`);
});
