import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, readCall } from './call.ts';
import { docker } from './docker.ts';
import { gcloud } from './gcloud.ts';
import { gh } from './gh.ts';
import { pulumi } from './pulumi.ts';
import type { World } from './world.ts';

const PROGRAMS = { docker, gcloud, gh, pulumi };

export type Program = keyof typeof PROGRAMS;

/** How a program ended. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Acts as a program on the world in a folder: answers, or refuses what the program refuses. */
export function act(
  program: Program,
  args: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
): Ended {
  appendFileSync(join(folder, 'calls'), `${JSON.stringify([program, ...args])}\n`);
  const file = join(folder, 'world.json');
  const before = readFileSync(file, 'utf8');
  const world = JSON.parse(before) as World;
  try {
    const stdout = PROGRAMS[program](world, readCall(program, args), environment);
    const after = JSON.stringify(world);
    if (after !== before) writeFileSync(file, after);
    return { status: 0, stdout: stdout && `${stdout}\n`, stderr: '' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.exitCode, stdout: '', stderr: `${error.message}\n` };
  }
}

/** As a process of its own. */
export function standIn(program: Program, folder: string): void {
  const { status, stdout, stderr } = act(program, process.argv.slice(2), folder, process.env);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = status;
}
