import { CommandError, type PulumiCli } from './pulumi-cli.ts';

const PROJECT = 'records-platform';

/** What a deployment decides, and the repository does not hold: which image runs, and who gets the requests. */
const DEPLOYED = ['image', 'stableRevision', 'canaryPercent'] as const;

interface Update {
  readonly kind?: string;
  readonly result?: string;
  readonly config?: Readonly<Record<string, { readonly value?: string; readonly secret?: boolean }>>;
}

/**
 * Sets in Pulumi.<stack>.yaml what the last deployment that succeeded ran with, so that a fresh checkout compares and
 * deploys what is there. All else is as the repository has it. Answers what was set; nothing for a stack that was never
 * deployed. Throws CommandError. https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_history/
 */
export async function recall(stack: string, pulumi: PulumiCli): Promise<Readonly<Record<string, string>>> {
  const history = await pulumi.ask(['stack', 'history', '--stack', stack]);
  if (!Array.isArray(history)) throw new CommandError(`pulumi told no history of stack ${stack}`);
  const last = (history as Update[]).find(({ kind, result }) => kind === 'update' && result === 'succeeded');
  const settings = Object.fromEntries(
    DEPLOYED.flatMap((key) => {
      const value = last?.config?.[`${PROJECT}:${key}`]?.value;
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['--plaintext', `${key}=${value}`]);
  if (pairs.length > 0) await pulumi.run(['config', 'set-all', '--stack', stack, ...pairs]);
  return settings;
}
