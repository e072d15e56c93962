import { type Command, InvalidArgumentError, UserError, verb } from '@records/cli';
import {
  type Deployed,
  type Deployment,
  lastPart,
  PROJECT,
  type Pulumi,
  pulumi,
  readDeployment,
  recall,
  setSettings,
  stackOption,
} from '@records/stack';

/** A step of a rollout. */
export type Rollout =
  /** Start a revision with this image, without requests. */
  | { readonly kind: 'start'; readonly image: string }
  /** Give the newest revision this percentage of the requests. */
  | { readonly kind: 'share'; readonly percent: number }
  /** Give every request to the stable revision, or to the named one. */
  | { readonly kind: 'back'; readonly revision: string | undefined };

export function addRollout(ops: Command): void {
  const rollout = verb(ops, 'rollout', {
    summary: 'roll out a new revision by hand',
    description: 'Starts a new revision beside the running one, and sends it requests by hand.',
    example: 'pnpm ops rollout 10 -s prod',
    more: `Steps:
  start IMAGE   a new revision without requests, at the output canaryUrl
  PERCENT       the new revision gets this percentage of the requests
  all           it gets every request; the previous revision stays ready to take them back`,
  });
  rollout
    .argument('<step>', 'start, all, or a percentage from 1 to 100', stepNamed)
    .argument('[image]', 'of start: an image by its digest')
    .addOption(stackOption())
    .option('--under-way', 'do nothing unless a rollout is under way')
    .option('--unlock', UNLOCK)
    .action(async (step, image, options) => {
      if (step !== 'start' && image !== undefined) return rollout.error(`error: too many words: ${image}`);
      if (step !== 'start') return await take({ kind: 'share', percent: step }, options);
      if (image === undefined) return rollout.error('error: name the image, by its digest');
      await take({ kind: 'start', image }, options);
    });
}

export function addRollback(ops: Command): void {
  verb(ops, 'rollback', {
    summary: 'send all requests to the previous revision',
    description: 'Sends every request to the previous revision, or to the named one, at once.',
    example: 'pnpm ops rollback -s prod',
  })
    .argument('[revision]', 'a revision other than the previous one')
    .addOption(stackOption())
    .option('--under-way', 'take back only an unfinished rollout; otherwise do nothing')
    .option('--unlock', UNLOCK)
    .action((revision, options) => take({ kind: 'back', revision }, options));
}

const UNLOCK = 'first remove the lock of a deployment that was cut off; never while one is running';

function stepNamed(text: string): 'start' | number {
  if (text === 'start') return text;
  if (text === 'all') return 100;
  const percent = Number(text);
  if (/^\d{1,3}$/.test(text) && percent >= 1 && percent <= 100) return percent;
  throw new InvalidArgumentError(`"${text}" must be start, all, or a percentage from 1 to 100`);
}

interface Options {
  readonly stack: string;
  readonly underWay?: true | undefined;
  readonly unlock?: true | undefined;
}

async function take(step: Rollout, { stack, underWay, unlock }: Options): Promise<void> {
  if (unlock) await pulumi.run(['cancel', '--stack', stack, '--yes']);
  await recall(stack, pulumi);
  if (underWay && !isUnderWay(await readDeployment(stack, pulumi))) {
    process.stdout.write(`no rollout is under way in stack ${stack}\n`);
    return;
  }
  await rollout(stack, step, pulumi);
}

/** Sets the stack's configuration and applies it. Answers what was set. Throws UserError. */
export async function rollout(stack: string, step: Rollout, pulumi: Pulumi): Promise<Deployed> {
  const settings = settingsFor(step, stack, await readDeployment(stack, pulumi));
  await setSettings(stack, settings, pulumi);
  await pulumi.run(['up', '--stack', stack, ...(step.kind === 'back' ? atOnce(stack) : [])]);
  return settings;
}

/** Changes the service alone, without a question: the previous revision has served before. */
function atOnce(stack: string): string[] {
  const type = 'records:index:RecordsApi$gcp:cloudrunv2/service:Service';
  // A deployment that was cut off may have moved requests without the state's knowledge: --refresh.
  return [
    '--yes',
    '--skip-preview',
    '--refresh',
    '--target',
    `urn:pulumi:${lastPart(stack)}::${PROJECT}::${type}::records-api`,
  ];
}

function settingsFor(step: Rollout, stack: string, current: Deployment): Deployed {
  const { stableRevision, canaryPercent } = current;
  switch (step.kind) {
    case 'start': {
      if (stableRevision && canaryPercent > 0 && canaryPercent < 100) {
        throw new UserError(
          `a rollout is under way: the newest revision takes ${canaryPercent} % of the requests`,
          {
            hint: `finish it (pnpm ops rollout all -s ${stack}) or take it back (pnpm ops rollback -s ${stack})`,
          },
        );
      }
      const serving = servingRevision(current);
      if (!serving) {
        throw new UserError(`stack ${stack} has no revision yet`, {
          hint: `deploy its first image: pnpm ops promote ${step.image} -s ${stack}`,
        });
      }
      return { image: step.image, stableRevision: serving, canaryPercent: '0' };
    }
    case 'share':
      if (stableRevision) return { canaryPercent: String(step.percent) };
      throw new UserError(`no rollout is under way in stack ${stack}`, {
        hint: `start one: pnpm ops rollout start IMAGE -s ${stack}`,
      });
    case 'back': {
      const target = step.revision ?? stableRevision;
      if (target) return { stableRevision: target, canaryPercent: '0' };
      throw new UserError(`stack ${stack} remembers no earlier revision`, {
        hint: `name one: pnpm ops rollback REVISION -s ${stack}; to list them: gcloud run revisions list --service records-api`,
      });
    }
  }
}

/** Whether a new revision was started and does not take every request yet. */
export function isUnderWay({ stableRevision, canaryPercent }: Deployment): boolean {
  return stableRevision !== '' && canaryPercent < 100;
}

/** The revision that is known to be good: not the newest while a rollout is under way or was taken back. */
export function servingRevision(current: Deployment): string | undefined {
  const { stableRevision, canaryPercent, newestRevision } = current;
  return stableRevision && canaryPercent < 100 ? stableRevision : newestRevision;
}
