import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FILES, prometheusRulesFile, renewTables, runbookNames } from '../src/index.ts';

describe('generated files; if they were meant to change, renew them: pnpm alerts --write', () => {
  it('the rules for Prometheus are current', () => {
    expect(readFileSync(FILES.rules, 'utf8')).toBe(prometheusRulesFile());
  });

  it('the tables of docs/monitoring.md are current', () => {
    const document = readFileSync(FILES.document, 'utf8');
    expect(document).toBe(renewTables(document));
  });
});

describe('runbooks', () => {
  const files = readdirSync(FILES.runbooks).map((file) => file.replace('.md', ''));

  it('exist for every alert, and each belongs to one', () => {
    expect(files.sort()).toEqual(runbookNames());
  });

  it.each(files)('%s begins with three commands to type', (name) => {
    const text = readFileSync(join(FILES.runbooks, `${name}.md`), 'utf8');
    const commands = /```sh\n([^`]*(?:`[^`]+`[^`]*)*?)```/.exec(text)?.[1]?.trim().split('\n') ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(command).toMatch(/^(gcloud|bq|pnpm|curl|dig) /);
  });
});
