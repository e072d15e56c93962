import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStack } from '@records/local';
import { REPOSITORY } from '../shared/paths.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 30_000;

/** The commands of a runbook's section "On this machine". `runbook`: a path from the repository's root. */
export function localCommands(runbook: string): string[] {
  const text = readFileSync(join(REPOSITORY, runbook), 'utf8');
  const block = /^## On this machine\n.*?```sh\n(.*?)```/ms.exec(text)?.[1];
  return block?.trim().split('\n') ?? [];
}

/** The variables that docs/monitoring.md sets for these commands. `log`: a file with the output of `pnpm dev`. */
export function variablesOf({ environment, metrics }: LocalStack, log: string): Record<string, string> {
  return {
    ...environment,
    API_METRICS: metrics['records-api'] ?? '',
    CLOUD_METRICS: metrics['local-cloud'] ?? '',
    LOG: log,
  };
}

/** Runs a command in a shell with these variables. Rejects when a signal ends it. */
export function runCommand(command: string, variables: Readonly<Record<string, string>>): Promise<Outcome> {
  const { PATH } = process.env;
  const env = { ...(PATH === undefined ? {} : { PATH }), ...variables };
  return new Promise((resolve, reject) => {
    // Asynchronous: this process serves the command.
    const child = execFile(
      'sh',
      ['-c', command],
      { cwd: REPOSITORY, env, timeout: TIMEOUT_MS },
      (error, stdout, stderr) => {
        const { exitCode } = child;
        if (exitCode === null) reject(error);
        else resolve({ status: exitCode, stdout, stderr });
      },
    );
  });
}
