import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { prometheusRules } from '@records/monitoring';
import { localCommands, runCommand, variablesOf } from '../../src/drill/runbook.ts';
import { REPOSITORY } from '../../src/shared/paths.ts';
import { appendPeople, idOf } from '../../src/shared/people.ts';
import { stack } from './shared.ts';

describe('the commands of a runbook for this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runbooks-'));
  const log = join(folder, 'dev.log');

  beforeAll(async () => {
    writeFileSync(log, '');
    await appendPeople(stack, [idOf(0)]);
    // A counter appears in the metrics with its first request.
    await (await fetch(`${stack.outputs.apiUrl}/records`)).text();
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  const runbooks = readdirSync(join(REPOSITORY, 'docs', 'runbooks')).map((file) => `docs/runbooks/${file}`);
  const alerting = new Set(prometheusRules().map(({ annotations }) => annotations.runbook));

  it('exist for every alert that can fire on this machine, and for no other', () => {
    expect(runbooks.filter((file) => localCommands(file).length > 0)).toEqual([...alerting].sort());
  });

  // Commands of pnpm need the stack of this checkout; their own tests run them.
  const commands = runbooks.flatMap(localCommands).filter((command) => !command.startsWith('pnpm '));
  it.each([...new Set(commands)])('run: %s', async (command) => {
    const { status, stdout, stderr } = await runCommand(command, variablesOf(stack, log));
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/"error"/);
    // grep finds nothing in a log without trouble.
    expect(command.startsWith('grep ') ? 0 : status).toBe(0);
  });
});
