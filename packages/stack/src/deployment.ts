import { UserError } from '@records/cli';
import type { StackOutputs } from './outputs.ts';
import { PROJECT } from './project.ts';
import type { Pulumi } from './pulumi.ts';
import { setSettings } from './settings.ts';

/** What a deployment decides, and Git does not hold: which image runs, and which revision gets the requests. */
const DEPLOYED = ['image', 'stableRevision', 'canaryPercent'] as const;

/** Those of the settings above that were set. */
export type Deployed = Readonly<Partial<Record<(typeof DEPLOYED)[number], string>>>;

/** The last 1,000 updates are looked through. */
const PAGE = 100;
const PAGES = 10;

interface Update {
  readonly kind?: string;
  readonly result?: string;
  readonly config?: Settings;
}

type Settings = Readonly<Record<string, { readonly value?: string; readonly secret?: boolean }>>;

/**
 * The settings of the last deployment that succeeded; none for a stack without one. Throws UserError.
 * https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_history/
 */
export async function lastDeployment(stack: string, pulumi: Pulumi): Promise<Deployed> {
  for (let page = 1; page <= PAGES; page++) {
    const paging = ['--page-size', String(PAGE), '--page', String(page)];
    const updates = await pulumi.ask(['stack', 'history', '--stack', stack, ...paging]);
    // Pulumi answers null after the last page.
    if (updates === null) return {};
    if (!Array.isArray(updates)) throw new UserError(`pulumi answered no history of stack ${stack}`);
    const last = (updates as Update[]).find(
      ({ kind, result }) => kind === 'update' && result === 'succeeded',
    );
    if (last) return deployedBy(last);
    if (updates.length < PAGE) return {};
  }
  throw new UserError(
    `none of the last ${PAGE * PAGES} updates of stack ${stack} succeeded, so nothing says what runs`,
    { hint: 'set image, stableRevision and canaryPercent by hand: pnpm pulumi config set' },
  );
}

/**
 * Writes the settings of the last deployment into Pulumi.STACK.yaml, so that a working copy compares and deploys with
 * what runs. All other settings stay as Git has them. Answers what was written. Throws UserError.
 */
export async function recall(stack: string, pulumi: Pulumi): Promise<Deployed> {
  const settings = await lastDeployment(stack, pulumi);
  await setSettings(stack, settings, pulumi);
  return settings;
}

function deployedBy({ config }: Update): Deployed {
  return Object.fromEntries(
    DEPLOYED.flatMap((key) => {
      const value = config?.[`${PROJECT}:${key}`]?.value;
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** Who serves, by the settings and the outputs of a stack. Without a deployment the outputs are undefined. */
export interface Deployment {
  readonly image: string;
  readonly stableRevision: string;
  readonly canaryPercent: number;
  /** `private` when it is not set. */
  readonly access: string;
  readonly project: string | undefined;
  readonly newestRevision: string | undefined;
  readonly canaryUrl: string | undefined;
}

/** Throws UserError. */
export async function readDeployment(stack: string, pulumi: Pulumi): Promise<Deployment> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Settings;
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as Partial<StackOutputs>;
  const setting = (key: string) => config[`${PROJECT}:${key}`]?.value ?? '';
  return {
    image: setting('image'),
    stableRevision: setting('stableRevision'),
    canaryPercent: Number(setting('canaryPercent')),
    access: setting('access') || 'private',
    project: outputs.project,
    newestRevision: outputs.revision,
    canaryUrl: outputs.canaryUrl,
  };
}
