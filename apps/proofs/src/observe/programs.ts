import { spawnSync } from 'node:child_process';
import { UserError } from '@records/cli';

export interface Programs {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** The variable that sets the path of each program, and the program's names on Debian and elsewhere. */
const PROGRAMS = {
  prometheus: { variable: 'PROMETHEUS', names: ['prometheus'] },
  alertmanager: { variable: 'ALERTMANAGER', names: ['prometheus-alertmanager', 'alertmanager'] },
} as const satisfies Record<keyof Programs, { variable: string; names: readonly string[] }>;

/** Throws UserError when a program is not installed. */
export function findPrograms(environment: NodeJS.ProcessEnv = process.env): Programs {
  const prometheus = find('prometheus', environment);
  const alertmanager = find('alertmanager', environment);
  if (prometheus !== undefined && alertmanager !== undefined) return { prometheus, alertmanager };
  const missing = [
    ...(prometheus === undefined ? ['prometheus'] : []),
    ...(alertmanager === undefined ? ['prometheus-alertmanager'] : []),
  ];
  const variables = Object.values(PROGRAMS).map(({ variable }) => variable);
  throw new UserError(`${missing.join(' and ')} cannot be run on this machine`, {
    hint: `on Debian and Ubuntu: apt install ${missing.join(' ')}; elsewhere set ${variables.join(' and ')} to the paths of the programs`,
  });
}

function find(program: keyof Programs, environment: NodeJS.ProcessEnv): string | undefined {
  const { variable, names } = PROGRAMS[program];
  const given = environment[variable];
  const candidates = given ? [given] : names;
  return candidates.find((command) => spawnSync(command, ['--version'], { env: environment }).status === 0);
}
