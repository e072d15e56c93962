import { CommandError, type PulumiCli } from '../pulumi-cli.ts';
import { type Decision, decide, RULES, type Rules, type Trace } from './decision.ts';
import { MetricsError } from './metrics.ts';
import { Steps, TakenOverError } from './steps.ts';
import { checkTag, type Tag, TagCheckError } from './tag-check.ts';

/** Percent of the requests, step by step; after the last one the new revision takes them all. */
export const STEPS = [10] as const;

/** How often the tag's address is asked, a minute apart. */
const TAG_ATTEMPTS = 3;

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
  /** For an API that is private. */
  readonly idToken?: string | undefined;
  /** Ends the rollout early: every request goes back. */
  readonly signal: AbortSignal;
  /** What both revisions did since `since`, milliseconds since 1970. Throws MetricsError, or CommandError. */
  observe(revisions: Revisions, since: number, now: number): Promise<Trace>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Returns a minute later; may throw when the signal is aborted. */
  nextMinute(): Promise<void>;
  log(line: string): void;
}

/** What became of a rollout. */
export type Outcome = 'promoted' | 'returned' | 'interrupted';

/**
 * Starts a revision with the image, asks it at its tag's address, gives it more of the requests as its metrics allow, and
 * gives them all back when it answers wrongly, when they do not, or when anything fails on the way. Throws what failed,
 * after the requests are back; TakenOverError, and leaves them, when somebody else deployed meanwhile; RolloutError and
 * CommandError before anything changed.
 */
export async function canary(options: CanaryOptions): Promise<Outcome> {
  const { stack, image, pulumi, signal, log } = options;
  const access = await accessOf(options);
  const steps = new Steps(stack, pulumi);
  await steps.take({ kind: 'start', image });
  try {
    const { url, ...revisions } = await startedOf(stack, pulumi);
    log(`${revisions.canary} starts beside ${revisions.stable}`);
    const back = async (reason: string): Promise<Outcome> => {
      log(`back to ${revisions.stable}: ${reason}`);
      await steps.back(log);
      return 'returned';
    };
    if (access === 'load-balancer') {
      log(`${url} is closed behind the load balancer and was not asked: its metrics decide`);
    } else {
      const wrong = await askTag({ url, idToken: options.idToken }, options);
      if (wrong !== undefined) return await back(wrong);
    }
    for (const percent of STEPS) {
      signal.throwIfAborted();
      await steps.take({ kind: 'share', percent });
      const { verdict, reason } = await settle(percent, revisions, options);
      if (verdict === 'return') return await back(reason);
    }
    signal.throwIfAborted();
    await steps.take({ kind: 'share', percent: 100 });
    log(`${revisions.canary} takes every request`);
    return 'promoted';
  } catch (error) {
    if (error instanceof TakenOverError) throw error;
    const why = signal.aborted ? `stopped (${signal.reason})` : 'the rollout failed';
    log(`${why}: every request goes back`);
    await steps.back(log);
    if (signal.aborted) return 'interrupted';
    throw error;
  }
}

/** What is wrong with the answers at the tag's address; undefined when nothing is. */
async function askTag(tag: Tag, { signal, nextMinute, log }: CanaryOptions): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      log(`${tag.url}: ${await checkTag(tag)}`);
      return undefined;
    } catch (error) {
      if (!(error instanceof TagCheckError)) throw error;
      if (attempt === TAG_ATTEMPTS) return `at ${tag.url}, ${error.message}`;
      log(`${tag.url}: ${error.message}; asked again in a minute`);
    }
    await nextMinute();
  }
}

/** Waits until the step is decided: `patience` bounds it, also when the metrics can not be had. */
async function settle(percent: number, revisions: Revisions, options: CanaryOptions): Promise<Decision> {
  const { signal, observe, now, nextMinute, log, rules = RULES } = options;
  const since = now();
  for (;;) {
    await nextMinute();
    signal.throwIfAborted();
    const decision = await observe(revisions, since, now()).then(
      (trace) => decide(trace, rules),
      (error: unknown) => decideBlind(error, (now() - since) / 60_000, rules),
    );
    log(`${percent} %: ${decision.verdict}, ${decision.reason}`);
    if (decision.verdict !== 'hold') return decision;
  }
}

/** One question that was not answered proves nothing. Throws what will not pass by itself. */
function decideBlind(error: unknown, minutes: number, { patience }: Rules): Decision {
  const mayPass = error instanceof CommandError || (error instanceof MetricsError && error.mayPass);
  if (!mayPass) throw error;
  if (minutes < patience) return { verdict: 'hold', reason: error.message };
  return { verdict: 'return', reason: `not proved after ${patience} minutes: ${error.message}` };
}

/** The setting `access`. Throws CommandError when the API is private and there is no token to ask it with. */
async function accessOf({ stack, pulumi, idToken }: CanaryOptions): Promise<string> {
  const access = (await settingOf('access', stack, pulumi)) ?? 'private';
  if (access === 'private' && !idToken) {
    throw new CommandError(
      `the API of stack ${stack} is private, and a new revision is asked before it takes requests: ` +
        'set API_ID_TOKEN to an identity token of an invoker, for the address apiUrl',
    );
  }
  return access;
}

async function startedOf(stack: string, pulumi: PulumiCli): Promise<Revisions & { readonly url: string }> {
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as Record<string, unknown>;
  return {
    canary: String(outputs.revision),
    stable: String(await settingOf('stableRevision', stack, pulumi)),
    url: String(outputs.canaryUrl),
  };
}

async function settingOf(key: string, stack: string, pulumi: PulumiCli): Promise<string | undefined> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: string }>;
  return config[`records-platform:${key}`]?.value || undefined;
}
