import { spawnSync } from 'node:child_process';

export interface Programs {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** The variable that names each command, and what Debian and others call it. */
export const PROGRAMS = {
  prometheus: { variable: 'PROMETHEUS', names: ['prometheus'] },
  alertmanager: { variable: 'ALERTMANAGER', names: ['prometheus-alertmanager', 'alertmanager'] },
} as const satisfies Record<keyof Programs, { variable: string; names: readonly string[] }>;

/** Prometheus or Alertmanager is not on this machine. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}

/** Throws NotInstalledError, with everything that is missing. */
export function findPrograms(environment: NodeJS.ProcessEnv = process.env): Programs {
  const prometheus = find('prometheus', environment);
  const alertmanager = find('alertmanager', environment);
  if (prometheus !== undefined && alertmanager !== undefined) return { prometheus, alertmanager };
  const missing = [
    ...(prometheus === undefined ? ['prometheus'] : []),
    ...(alertmanager === undefined ? ['prometheus-alertmanager'] : []),
  ];
  const variables = Object.values(PROGRAMS).map(({ variable }) => variable);
  throw new NotInstalledError(
    `${missing.join(' and ')} can not be run here. On Debian and Ubuntu: apt install ${missing.join(' ')}; ` +
      `elsewhere, set ${variables.join(' and ')} to the paths of the two programs`,
  );
}

function find(program: keyof Programs, environment: NodeJS.ProcessEnv): string | undefined {
  const { variable, names } = PROGRAMS[program];
  const given = environment[variable];
  const candidates = given ? [given] : names;
  return candidates.find((command) => spawnSync(command, ['--version'], { env: environment }).status === 0);
}
