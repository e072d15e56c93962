import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusRulesFile } from './prometheus-rules.ts';
import { playable, promtoolTests, promtoolTicketTests, rulesOfMinutes } from './promtool-tests.ts';
import type { Trial } from './trial.ts';

export interface PromtoolResult {
  readonly passed: boolean;
  readonly output: string;
}

/** A path of the command, or undefined where it is not installed. */
export function findPromtool(): string | undefined {
  const command = process.env.PROMTOOL ?? 'promtool';
  return spawnSync(command, ['--version']).status === 0 ? command : undefined;
}

/** Checks the rules, and plays the traces and the slow burns to them. */
export function runPromtool(command: string, trials: readonly Trial[]): PromtoolResult {
  const folder = mkdtempSync(join(tmpdir(), 'records-rules-'));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  try {
    write('rules.yml', prometheusRulesFile());
    write('fast-rules.yml', prometheusRulesFile(rulesOfMinutes()));
    write(
      'traces.yml',
      promtoolTests(
        trials.filter(({ trace }) => playable(trace)),
        'fast-rules.yml',
      ),
    );
    write('tickets.yml', promtoolTicketTests('rules.yml'));
    const runs = [
      ['check', 'rules', 'rules.yml'],
      ['test', 'rules', 'tickets.yml'],
      ['test', 'rules', 'traces.yml'],
    ].map((args) => spawnSync(command, args, { cwd: folder, encoding: 'utf8' }));
    return {
      passed: runs.every(({ status }) => status === 0),
      output: runs.map(({ stdout, stderr }) => stdout + stderr).join(''),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
