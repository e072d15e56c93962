import type { Deployed } from './last-deployment.ts';
import { type PulumiCli, UNDER_POLICIES } from './pulumi-cli.ts';

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

/** Who serves, by the settings and the outputs of a stack. */
export interface Current {
  readonly image: string;
  readonly stableRevision: string;
  readonly canaryPercent: number;
  readonly newestRevision: string | undefined;
}

const PROJECT = 'records-platform';

/**
 * Sets the stack's configuration and applies it. Answers what was set. Throws RolloutError, and what `pulumi` throws.
 */
export async function rollout(stack: string, step: Rollout, pulumi: PulumiCli): Promise<Deployed> {
  const settings = settingsFor(step, stack, await readCurrent(stack, pulumi));
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['--plaintext', `${key}=${value}`]);
  await pulumi.run(['config', 'set-all', '--stack', stack, ...pairs]);
  await pulumi.run(['up', '--stack', stack, ...(step.kind === 'back' ? atOnce(stack) : UNDER_POLICIES)]);
  return settings;
}

/**
 * Nothing else that may have changed in the program goes along, and nobody is asked; not the policies either: what they
 * would refuse now has served before, and serves worse meanwhile.
 */
function atOnce(stack: string): string[] {
  const type = 'records:index:RecordsApi$gcp:cloudrunv2/service:Service';
  // A deployment that was cut off may have given requests away without the state's knowing it.
  return [
    '--yes',
    '--skip-preview',
    '--refresh',
    '--target',
    `urn:pulumi:${stack}::${PROJECT}::${type}::records-api`,
  ];
}

function settingsFor(step: Rollout, stack: string, current: Current): Deployed {
  const { stableRevision, canaryPercent } = current;
  switch (step.kind) {
    case 'start': {
      if (stableRevision && canaryPercent > 0 && canaryPercent < 100) {
        throw new RolloutError(
          `a rollout is under way: the newest revision takes ${canaryPercent} % of the requests. ` +
            `Finish it (pnpm rollout all -s ${stack}) or take it back (pnpm rollback -s ${stack}) first`,
        );
      }
      const serving = servingRevision(current);
      if (!serving) {
        throw new RolloutError(
          `stack ${stack} has no revision yet: deploy its first image (pnpm promote ${step.image} -s ${stack})`,
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

/** Whether a new revision was started, and does not take every request yet. */
export function isUnderWay({ stableRevision, canaryPercent }: Current): boolean {
  return stableRevision !== '' && canaryPercent < 100;
}

/** The one that is known to be good: after a rollout that was taken back, or that is under way, not the newest. */
export function servingRevision(current: Omit<Current, 'image'>): string | undefined {
  const { stableRevision, canaryPercent, newestRevision } = current;
  return stableRevision && canaryPercent < 100 ? stableRevision : newestRevision;
}

export async function readCurrent(stack: string, pulumi: PulumiCli): Promise<Current> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: unknown }>;
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as Record<string, unknown>;
  const setting = (key: string) => config[`${PROJECT}:${key}`]?.value ?? '';
  return {
    image: String(setting('image')),
    stableRevision: String(setting('stableRevision')),
    canaryPercent: Number(setting('canaryPercent')),
    newestRevision: typeof outputs.revision === 'string' ? outputs.revision : undefined,
  };
}
