import type { PulumiCli } from './pulumi-cli.ts';

/** What `pnpm rollout` and `pnpm rollback` are asked for. */
export type Rollout =
  /** Start a revision with this image, without requests. */
  | { readonly kind: 'start'; readonly image: string }
  /** Give the newest revision so many percent of the requests. */
  | { readonly kind: 'share'; readonly percent: number }
  /** Give every request to the stable revision, or to the one that is named. */
  | { readonly kind: 'back'; readonly revision: string | undefined };

/** A rollout can not do what was asked for. */
export class RolloutError extends Error {
  override readonly name = 'RolloutError';
}

interface Current {
  readonly stableRevision: string;
  readonly canaryPercent: number;
  readonly newestRevision: string | undefined;
}

const PROJECT = 'records-platform';

/**
 * Sets the stack's configuration and applies it. The settings are in Pulumi.<stack>.yaml afterwards, to be committed.
 * Throws RolloutError, and what `pulumi` throws.
 */
export async function rollout(stack: string, step: Rollout, pulumi: PulumiCli): Promise<void> {
  const settings = settingsFor(step, stack, await readCurrent(stack, pulumi));
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['--plaintext', `${key}=${value}`]);
  await pulumi.run(['config', 'set-all', '--stack', stack, ...pairs]);
  await pulumi.run(['up', '--stack', stack, ...(step.kind === 'back' ? atOnce(stack) : [])]);
}

/** Nothing else that may have changed in the program goes along, and nobody is asked. */
function atOnce(stack: string): string[] {
  const type = 'records:index:RecordsApi$gcp:cloudrunv2/service:Service';
  return ['--yes', '--skip-preview', '--target', `urn:pulumi:${stack}::${PROJECT}::${type}::records-api`];
}

function settingsFor(step: Rollout, stack: string, current: Current): Record<string, string> {
  const { stableRevision, canaryPercent, newestRevision } = current;
  switch (step.kind) {
    case 'start': {
      if (stableRevision && canaryPercent > 0 && canaryPercent < 100) {
        throw new RolloutError(
          `a rollout is under way: the newest revision takes ${canaryPercent} % of the requests. ` +
            `Finish it (pnpm rollout all -s ${stack}) or take it back (pnpm rollback -s ${stack}) first`,
        );
      }
      // After one that was taken back the newest revision is the bad one.
      const serving = stableRevision && canaryPercent === 0 ? stableRevision : newestRevision;
      if (!serving) {
        throw new RolloutError(
          `stack ${stack} has no revision yet: set the image and deploy it (pnpm pulumi up -s ${stack})`,
        );
      }
      return { image: step.image, stableRevision: serving, canaryPercent: '0' };
    }
    case 'share':
      if (!stableRevision) {
        throw new RolloutError(
          `no rollout is under way in stack ${stack}: pnpm rollout start IMAGE -s ${stack}`,
        );
      }
      return { canaryPercent: String(step.percent) };
    case 'back': {
      const target = step.revision ?? stableRevision;
      if (!target) {
        throw new RolloutError(
          `stack ${stack} remembers no earlier revision. Name one: pnpm rollback REVISION -s ${stack}. ` +
            'To list them: gcloud run revisions list --service records-api',
        );
      }
      return { stableRevision: target, canaryPercent: '0' };
    }
  }
}

async function readCurrent(stack: string, pulumi: PulumiCli): Promise<Current> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: unknown }>;
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as Record<string, unknown>;
  const setting = (key: string) => config[`${PROJECT}:${key}`]?.value ?? '';
  return {
    stableRevision: String(setting('stableRevision')),
    canaryPercent: Number(setting('canaryPercent')),
    newestRevision: typeof outputs.revision === 'string' ? outputs.revision : undefined,
  };
}
