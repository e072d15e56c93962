import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Activity, FAILED_SAVES, SAVE_AGAIN } from '../src/activity.ts';
import { Changes } from '../src/changes.ts';
import { LocalStack } from '../src/local-stack.ts';
import { Terminal } from '../src/terminal.ts';

// It starts a stack, perhaps on a busy machine.
jest.setTimeout(240_000);

const activity = new Activity();
let text = '';
const terminal = new Terminal(false, (part) => {
  text += part;
});
let folder: string;
let file: string;
let stack: LocalStack;
let changes: Changes;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changes-'));
  // A part of the API's code that a test may change.
  file = join(folder, 'part.mjs');
  await writeFile(file, '');
  stack = await LocalStack.create({
    apiPreload: pathToFileURL(file).href,
    onEvent(event) {
      terminal.event(event);
      activity.record(event);
    },
  });
  changes = new Changes(stack, {
    ...{ terminal, activity, interrupted: new AbortController().signal },
    onDeployed: async () => {},
  });
});
afterAll(async () => {
  await stack?.close();
  await rm(folder, { recursive: true });
});

it('a broken save of the API leaves the last good code serving, and says where it is broken, once', async () => {
  const ask = async () => (await fetch(`${stack.outputs.apiUrl}/records?limit=1`)).status;
  text = '';
  await writeFile(file, '\n\nconst broken = ;\n');
  await changes.restartApi();
  expect(await ask()).toBe(200);
  const shown = stripVTControlCharacters(text);
  expect(shown).toMatch(
    /^✗ The API does not start, and the last good code goes on serving; save again to retry$/m,
  );
  expect(shown.match(/part\.mjs:3\n {2}const broken = ;/g)).toHaveLength(1);
  expect(shown.match(/SyntaxError: Unexpected token ';'/g)).toHaveLength(1);
  expect(activity.troubles).toEqual([
    {
      part: 'api',
      sentence: FAILED_SAVES.apiKept,
      detail: expect.stringMatching(/part\.mjs:3\n/),
      todo: SAVE_AGAIN,
    },
  ]);

  await writeFile(file, '');
  await changes.restartApi();
  expect(stripVTControlCharacters(text)).toMatch(/The API restarted \(\d+\.\d s\)\n$/);
  expect(activity.troubles).toEqual([]);
  expect(await ask()).toBe(200);
});
