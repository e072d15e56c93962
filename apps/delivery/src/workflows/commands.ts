import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Automation, Step } from './files.ts';

/** A call of a script of the repository. */
export interface Call {
  readonly from: string;
  readonly script: string;
  /** The words before the first option or value, such as `rollback` in `pnpm ops rollback -s prod`. */
  readonly verbs: readonly string[];
  readonly flags: readonly string[];
}

/** pnpm's own. */
const PNPM = ['install', 'sbom'];

export function callsOf({ workflows, actions }: Automation): Call[] {
  const inSteps = (from: string, steps: readonly Step[] = []) =>
    steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/\bpnpm ([a-z][a-z:0-9-]*)((?: [a-z][a-z0-9-]*)*)([^\n|&;]*)/g)].map(
        ([, script = '', verbs = '', rest = '']) => ({
          from,
          script,
          verbs: verbs.split(' ').filter(Boolean),
          flags: [...rest.matchAll(/(?<=\s)(--[a-z-]+|-[a-z])\b/g)].map(([flag]) => flag),
        }),
      ),
    );
  return [
    ...workflows.flatMap(({ name, jobs }) =>
      Object.entries(jobs).flatMap(([id, { steps }]) => inSteps(`${name}/${id}`, steps)),
    ),
    ...actions.flatMap(({ name, steps }) => inSteps(`actions/${name}`, steps)),
  ].filter(({ script }) => !PNPM.includes(script));
}

/** Calls of unknown scripts and verbs, and calls with options that the help does not list. */
export function brokenCalls(repository: string, calls: readonly Call[]): string[] {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const helps = new Map<string, string>();
  return calls.flatMap(({ from, script, verbs, flags }) => {
    const command = scripts[script];
    if (command === undefined) return [`${from}: there is no script "${script}"`];
    if (verbs.length + flags.length === 0) return [];
    const line = ['pnpm', script, ...verbs].join(' ');
    const help = helps.get(line) ?? helpOf(repository, [command, ...verbs].join(' '));
    helps.set(line, help);
    if (verbs.length > 0 && !help.startsWith(`Usage: ${line} `)) return [`${from}: there is no ${line}`];
    return flags
      .filter((flag) => !new RegExp(`(^|[\\s,[])${flag}\\b`, 'm').test(help))
      .map((flag) => `${from}: ${line} knows no ${flag}`);
  });
}

function helpOf(repository: string, command: string): string {
  const [program = '', ...args] = command.split(' ');
  const run = spawnSync(program === 'node' ? process.execPath : program, [...args, '--help'], {
    cwd: repository,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return run.status === 0 ? run.stdout : '';
}
