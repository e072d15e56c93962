import { CommandError, type PulumiCli } from './pulumi-cli.ts';

const PROJECT = 'records-platform';

/** What a deployment decides, and the repository does not hold: which image runs, and who gets the requests. */
const DEPLOYED = ['image', 'stableRevision', 'canaryPercent'] as const;

/** Those of the settings above that were set. */
export type Deployed = Readonly<Partial<Record<(typeof DEPLOYED)[number], string>>>;

/** Updates that are asked for at one time, and how often: a thousand failures in a row are looked through. */
const PAGE = 100;
const PAGES = 10;

interface Update {
  readonly kind?: string;
  readonly result?: string;
  readonly config?: Readonly<Record<string, { readonly value?: string; readonly secret?: boolean }>>;
}

/**
 * What the last deployment that succeeded ran with; nothing for a stack that has none. Throws CommandError.
 * https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_history/
 */
export async function lastDeployment(stack: string, pulumi: PulumiCli): Promise<Deployed> {
  for (let page = 1; page <= PAGES; page++) {
    const paging = ['--page-size', String(PAGE), '--page', String(page)];
    const updates = await pulumi.ask(['stack', 'history', '--stack', stack, ...paging]);
    // Pulumi answers null where there is nothing more.
    if (updates === null) return {};
    if (!Array.isArray(updates)) throw new CommandError(`pulumi told no history of stack ${stack}`);
    const last = (updates as Update[]).find(
      ({ kind, result }) => kind === 'update' && result === 'succeeded',
    );
    if (last) return deployedBy(last);
    if (updates.length < PAGE) return {};
  }
  throw new CommandError(
    `none of the last ${PAGE * PAGES} updates of stack ${stack} succeeded, so nothing says what runs: ` +
      'set image, stableRevision and canaryPercent by hand (pnpm pulumi config set)',
  );
}

/**
 * Sets in Pulumi.<stack>.yaml what the last deployment that succeeded ran with, so that a working copy compares and
 * deploys what is there. All else is as the repository has it. Answers what was set; nothing for a stack that was never
 * deployed. Throws CommandError.
 */
export async function recall(stack: string, pulumi: PulumiCli): Promise<Deployed> {
  const settings = await lastDeployment(stack, pulumi);
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['--plaintext', `${key}=${value}`]);
  if (pairs.length > 0) await pulumi.run(['config', 'set-all', '--stack', stack, ...pairs]);
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
