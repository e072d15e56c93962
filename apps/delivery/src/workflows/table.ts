import { table } from '@records/cli';
import type { Automation } from './files.ts';
import { isPinned, permissionsOf } from './rules.ts';

interface Row {
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

/** Jobs with their permissions and secrets, and two counts that must be zero. */
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

export function tableOf({ rows }: Overview): string {
  const cells = rows.map(({ job, runsOn, environment, permissions, secrets }) => [
    ...[job, runsOn, environment, permissions, secrets],
  ]);
  return table([['job', 'on', 'environment', 'permissions', 'secrets'], ...cells]);
}

export function sumOf({ actions, unpinned, longLivedCredentials }: Overview): string {
  return `${actions} uses of actions, ${unpinned} unpinned; ${longLivedCredentials} long-lived credentials`;
}
