import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStack } from '../../src/local-stack.ts';
import { REPOSITORY } from '../../src/paths.ts';

export interface Outcome {
  readonly command: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 30_000;

/** The commands under "On this machine" of a runbook, a path from the repository; none when it has no such section. */
export function localCommands(runbook: string): string[] {
  const text = readFileSync(join(REPOSITORY, runbook), 'utf8');
  const block = /^## On this machine\n.*?```sh\n(.*?)```/ms.exec(text)?.[1];
  return block?.trim().split('\n') ?? [];
}

/** The variables of these commands, as docs/monitoring.md sets them. `log`: a file with what `pnpm dev` printed. */
export function variablesOf({ environment, metrics }: LocalStack, log: string): Record<string, string> {
  return {
    ...environment,
    API_METRICS: metrics['records-api'] ?? '',
    CLOUD_METRICS: metrics['local-cloud'] ?? '',
    LOG: log,
  };
}

/** Types a command, as a person would, with these variables set. */
export function runCommand(command: string, variables: Readonly<Record<string, string>>): Promise<Outcome> {
  const { PATH } = process.env;
  const env = { ...(PATH === undefined ? {} : { PATH }), ...variables };
  return new Promise((resolve, reject) => {
    // What it asks may be served by this very process, so nothing here may wait for it.
    const child = execFile(
      'sh',
      ['-c', command],
      { cwd: REPOSITORY, env, timeout: TIMEOUT_MS },
      (error, stdout, stderr) => {
        const { exitCode } = child;
        if (exitCode === null) reject(error);
        else resolve({ command, status: exitCode, stdout, stderr });
      },
    );
  });
}
