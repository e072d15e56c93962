import { type Command, InvalidArgumentError, UserError, verb } from '@records/cli';
import { type Left, type Rollout, servingRevision, variablesFor } from '@records/infra/deployment';
import {
  type Deployment,
  lastPart,
  PROJECT,
  type Pulumi,
  pulumi,
  readDeployment,
  stackOption,
} from '@records/stack';
import { imageByDigest } from './promote.ts';

/** What a deployment changes: the traffic, and the image of a new revision. */
export type Change = Rollout & { readonly image?: string };

/** A step of a rollout. */
export type Step =
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
    .argument('[image]', 'of start: an image by its digest', imageByDigest)
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

async function take(step: Step, { stack, underWay, unlock }: Options): Promise<void> {
  if (unlock) await pulumi.run(['cancel', '--stack', stack, '--yes']);
  if (underWay && !isUnderWay(await readDeployment(stack, pulumi))) {
    process.stdout.write(`no rollout is under way in stack ${stack}\n`);
    return;
  }
  await rollout(stack, step, pulumi);
}

/** Takes a step by one `pulumi up`. Answers what it told the program. Throws UserError. */
export async function rollout(stack: string, step: Step, pulumi: Pulumi): Promise<Change> {
  const change = changeFor(step, stack, await readDeployment(stack, pulumi));
  await apply(stack, step, change, pulumi);
  return change;
}

export function apply(stack: string, step: Step, change: Change, pulumi: Pulumi): Promise<void> {
  const args = ['up', '--stack', stack, ...(step.kind === 'back' ? atOnce(stack) : [])];
  return pulumi.run(args, variablesFor(change.image, change));
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

/** Throws UserError for a step that makes no sense now. */
export function changeFor(step: Step, stack: string, current: Deployment): Change {
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
      const serving = servingRevision(leftBy(current));
      if (!serving) {
        throw new UserError(`stack ${stack} has no revision yet`, {
          hint: `deploy its first image: pnpm ops promote ${step.image} -s ${stack}`,
        });
      }
      return { image: step.image, stableRevision: serving, canaryPercent: 0 };
    }
    case 'share':
      if (stableRevision) return { stableRevision, canaryPercent: step.percent };
      throw new UserError(`no rollout is under way in stack ${stack}`, {
        hint: `start one: pnpm ops rollout start IMAGE -s ${stack}`,
      });
    case 'back': {
      const target = step.revision ?? stableRevision;
      if (target) return { stableRevision: target, canaryPercent: 0 };
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

function leftBy({ newestRevision, ...deployment }: Deployment): Left {
  return { ...deployment, revision: newestRevision };
}
