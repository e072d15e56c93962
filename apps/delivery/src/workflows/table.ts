import type { Automation } from './files.ts';
import { isPinned, permissionsOf } from './rules.ts';

export interface Row {
  readonly job: string;
  readonly runsOn: string;
  readonly environment: string;
  readonly permissions: string;
  readonly secrets: string;
}

export interface Overview {
  readonly rows: readonly Row[];
  readonly actions: number;
  readonly unpinned: number;
  readonly longLivedCredentials: number;
}

/** Workflows by permissions and secrets, and what must be none. */
export function overviewOf({ workflows, actions }: Automation): Overview {
  const uses = [
    ...workflows.flatMap(({ jobs }) => Object.values(jobs).flatMap(({ steps = [] }) => steps)),
    ...actions.flatMap(({ steps }) => steps),
  ].flatMap(({ uses }) => (uses === undefined || uses.startsWith('./') ? [] : [uses]));
  const credentials = (text: string) => [
    ...text.matchAll(/\bsecrets\s*[.[]\s*['"]?(\w+)|\b(credentials_json)\b/g),
  ];
  return {
    rows: workflows.flatMap(({ name, on, jobs }) =>
      Object.entries(jobs).map(([id, job]) => ({
        job: `${name}/${id}`,
        runsOn: Object.keys(on).join(', '),
        environment: job.environment ?? '-',
        permissions: permissionsOf(job).join(', '),
        secrets:
          credentials(JSON.stringify(job))
            .map(([text]) => text)
            .join(', ') || '-',
      })),
    ),
    actions: uses.length,
    unpinned: uses.filter((one) => !isPinned(one)).length,
    longLivedCredentials: [...workflows, ...actions].flatMap(({ text }) => credentials(text)).length,
  };
}

const HEADINGS: Row = {
  job: 'job',
  runsOn: 'on',
  environment: 'environment',
  permissions: 'permissions',
  secrets: 'secrets',
};

export function tableOf({ rows }: Overview): string {
  const keys = Object.keys(HEADINGS) as (keyof Row)[];
  const widths = keys.map((key) => Math.max(...[HEADINGS, ...rows].map((row) => row[key].length)));
  return [HEADINGS, ...rows]
    .map((row) =>
      keys
        .map((key, index) => row[key].padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function sumOf({ actions, unpinned, longLivedCredentials }: Overview): string {
  return `${actions} uses of actions, ${unpinned} unpinned; ${longLivedCredentials} long-lived credentials`;
}
