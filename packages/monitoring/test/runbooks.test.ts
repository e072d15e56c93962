import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { alertsFor, DEFAULT_LIMITS, OBJECTIVES } from '../src/index.ts';

const RUNBOOKS = join(import.meta.dirname, '..', '..', '..', 'docs', 'runbooks');

describe('runbooks', () => {
  const files = readdirSync(RUNBOOKS).map((file) => file.replace('.md', ''));

  it('exist for every alert, and each belongs to one', () => {
    const named = [...OBJECTIVES, ...alertsFor(DEFAULT_LIMITS)].map(({ runbook }) => runbook);
    expect(files.sort()).toEqual([...new Set(named)].sort());
  });

  it.each(files)('%s begins with three commands to type', (name) => {
    const text = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
    const commands = /```sh\n([^`]*(?:`[^`]+`[^`]*)*?)```/.exec(text)?.[1]?.trim().split('\n') ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(command).toMatch(/^(gcloud|bq|pnpm|curl|dig) /);
  });
});
