import type { PulumiCli } from '../pulumi-cli.ts';
import { rollout } from '../rollout.ts';
import { type Decision, decide, RULES, type Rules, type Trace } from './decision.ts';

/** Percent of the requests, step by step; after the last one the new revision takes them all. */
export const STEPS = [5, 25, 50] as const;

/** The revisions of a rollout under way. */
export interface Revisions {
  readonly canary: string;
  readonly stable: string;
}

export interface CanaryOptions {
  readonly stack: string;
  readonly image: string;
  readonly pulumi: PulumiCli;
  readonly rules?: Rules;
  /** What both revisions did since `since`, milliseconds since 1970. */
  observe(revisions: Revisions, since: number, now: number): Promise<Trace>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Returns a minute later. */
  nextMinute(): Promise<void>;
  log(line: string): void;
}

/** What became of a rollout. */
export type Outcome = 'promoted' | 'returned';

/**
 * Starts a revision with the image, gives it more of the requests as its metrics allow, and gives them all back when they do
 * not, or when anything fails on the way. Throws what failed, after the requests are back; RolloutError before anything
 * changed.
 */
export async function canary(options: CanaryOptions): Promise<Outcome> {
  const { stack, image, pulumi, log } = options;
  await rollout(stack, { kind: 'start', image }, pulumi);
  try {
    const revisions = await revisionsOf(stack, pulumi);
    log(`${revisions.canary} starts beside ${revisions.stable}`);
    for (const percent of STEPS) {
      await rollout(stack, { kind: 'share', percent }, pulumi);
      const { verdict, reason } = await settle(percent, revisions, options);
      if (verdict === 'return') {
        log(`back to ${revisions.stable}: ${reason}`);
        await rollout(stack, { kind: 'back', revision: revisions.stable }, pulumi);
        return 'returned';
      }
    }
    await rollout(stack, { kind: 'share', percent: 100 }, pulumi);
    log(`${revisions.canary} takes every request`);
    return 'promoted';
  } catch (error) {
    log('the rollout failed: every request goes back');
    await rollout(stack, { kind: 'back', revision: undefined }, pulumi);
    throw error;
  }
}

/** Waits until the step is decided: `patience` bounds it. */
async function settle(percent: number, revisions: Revisions, options: CanaryOptions): Promise<Decision> {
  const since = options.now();
  for (;;) {
    await options.nextMinute();
    const decision = decide(await options.observe(revisions, since, options.now()), options.rules ?? RULES);
    options.log(`${percent} %: ${decision.verdict}, ${decision.reason}`);
    if (decision.verdict !== 'hold') return decision;
  }
}

async function revisionsOf(stack: string, pulumi: PulumiCli): Promise<Revisions> {
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as { revision?: unknown };
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: unknown }>;
  return {
    canary: String(outputs.revision),
    stable: String(config['records-platform:stableRevision']?.value),
  };
}
