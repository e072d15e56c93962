import { reasonOf, UserError } from '@records/cli';
import { AnswerError, checkTag, type Tag } from '@records/prober';
import { type Deployment, type Pulumi, readDeployment } from '@records/stack';
import { type Decision, decide, type Revisions, RULES, type Rules, type Trace } from './decision.ts';
import { MetricsError } from './metrics.ts';
import { Steps, TakenOverError } from './steps.ts';

/** Percent of the requests, step by step; after the last step the new revision takes them all. */
const STEPS = [10] as const;

/** Checks of the tag's address, a minute apart. */
const TAG_ATTEMPTS = 3;

interface CanaryOptions {
  readonly stack: string;
  readonly image: string;
  readonly pulumi: Pulumi;
  readonly rules?: Rules;
  /** For a private API. */
  readonly idToken?: string | undefined;
  /** Ends the rollout early and gives every request back. */
  readonly signal: AbortSignal;
  /** The metrics of both revisions since `since`, in milliseconds since 1970. Throws UserError. */
  observe(revisions: Revisions, since: number, now: number): Promise<Trace>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves a minute later; may throw when the signal is aborted. */
  nextMinute(): Promise<void>;
  log(line: string): void;
}

/** The end of a rollout. */
export type Outcome = 'promoted' | 'returned' | 'interrupted';

/**
 * Starts a revision with the image, checks it at its tag's address, and gives it requests as its metrics allow. Gives every
 * request back when a check or the metrics are bad, and when anything fails; then it throws the failure. Throws
 * TakenOverError, and leaves the requests, when somebody else deployed meanwhile. Throws UserError before it changes
 * anything.
 */
export async function canary(options: CanaryOptions): Promise<Outcome> {
  const { stack, image, pulumi, signal, log } = options;
  const { access } = await readDeployment(stack, pulumi);
  assertCallable(access, options);
  const steps = new Steps(stack, pulumi);
  await steps.take({ kind: 'start', image });
  try {
    const { url, ...revisions } = startedBy(await readDeployment(stack, pulumi));
    log(`${revisions.canary} starts beside ${revisions.stable}`);
    const back = async (reason: string): Promise<Outcome> => {
      log(`back to ${revisions.stable}: ${reason}`);
      await steps.back(log);
      return 'returned';
    };
    if (access === 'load-balancer') {
      log(`${url} is closed behind the load balancer and was not checked: its metrics decide`);
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

/** Answers why the checks at the tag's address failed; undefined when one passed. */
async function askTag(tag: Tag, { signal, nextMinute, log }: CanaryOptions): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      log(`${tag.url}: ${await checkTag(tag)}`);
      return undefined;
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      if (attempt === TAG_ATTEMPTS) return `at ${tag.url}, ${error.message}`;
      log(`${tag.url}: ${error.message}; checked again in a minute`);
    }
    await nextMinute();
  }
}

/** Waits until the step is decided, at most `patience` minutes, also without metrics. */
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

/** Holds after a failure that may pass, until patience ends. Throws any other failure. */
function decideBlind(error: unknown, minutes: number, { patience }: Rules): Decision {
  const mayPass = error instanceof MetricsError ? error.mayPass : error instanceof UserError;
  if (!mayPass) throw error;
  if (minutes < patience) return { verdict: 'hold', reason: reasonOf(error) };
  return { verdict: 'return', reason: `not proved after ${patience} minutes: ${reasonOf(error)}` };
}

/** Throws UserError when the API is private and there is no token to check it with. */
function assertCallable(access: string, { stack, idToken }: CanaryOptions): void {
  if (access !== 'private' || idToken) return;
  throw new UserError(
    `the API of stack ${stack} is private, and a new revision is checked before it takes requests`,
    {
      hint: 'set API_ID_TOKEN to an identity token of an invoker, for the address apiUrl',
    },
  );
}

function startedBy(deployment: Deployment): Revisions & { readonly url: string } {
  const { newestRevision, stableRevision, canaryUrl } = deployment;
  return { canary: String(newestRevision), stable: stableRevision, url: String(canaryUrl) };
}
