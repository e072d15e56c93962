import { setTimeout } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';

type Hooks = pulumi.ResourceHookBinding;

/** Hooks for the resources that Google needs time for, or that need them. */
export interface Patience {
  /** A log-based metric. */
  readonly metric: Hooks;
  /** What names the metric: an alert policy, an objective. */
  readonly usesMetric: Hooks;
  readonly grant: Hooks;
  /** What Google refuses to make without the grant. */
  readonly needsGrant: Hooks;
  /** What is made without the grant, and fails soon after. */
  readonly startsWithGrant: Hooks;
}

const MINUTE_SECONDS = 60;
const RETRY_SECONDS = 15;

/** https://docs.cloud.google.com/logging/docs/logs-based-metrics/troubleshooting */
const METRIC_MINUTES = 10;
/** https://docs.cloud.google.com/iam/docs/access-change-propagation */
const GRANT_MINUTES = 7;
/** The startup probe waits for the rest: a service that failed its first start can only be deleted. */
const START_MINUTES = 3;
/** Cloud Run's limit, with one probe a second. https://docs.cloud.google.com/run/docs/configuring/healthchecks */
export const STARTUP_SECONDS = 240;

/** Waits for nothing: everything is true at once, as in the local cloud. */
const IMPATIENT: Patience = { metric: {}, usesMetric: {}, grant: {}, needsGrant: {}, startsWithGrant: {} };

/**
 * Google shows new metrics and grants only after minutes. An update repeats what Google refuses meanwhile, and nothing else. Previews
 * announce it for what is new. Call it once: the names of hooks are the program's.
 */
export function patience(
  { eventualConsistency }: { readonly eventualConsistency: boolean },
  sleep: (ms: number) => Promise<unknown> = setTimeout,
): Patience {
  if (!eventualConsistency) return IMPATIENT;
  const pause = (seconds: number) => sleep(seconds * 1000);
  return {
    metric: announcing(
      'announce-metrics',
      `Alert policies on new log-based metrics are repeated for up to ${METRIC_MINUTES} minutes, until Google knows the metrics.`,
    ),
    usesMetric: {
      onError: [repeating('await-metrics', /Cannot find metric|metric .* unknown/i, METRIC_MINUTES, pause)],
    },
    grant: announcing(
      'announce-grants',
      `BigQuery subscriptions are repeated for up to ${GRANT_MINUTES} minutes, until Google honours their new grants.`,
    ),
    needsGrant: { onError: [repeating('await-grants', /Error 403|permission/i, GRANT_MINUTES, pause)] },
    startsWithGrant: {
      beforeCreate: [
        new pulumi.ResourceHook(
          'await-start',
          async () => {
            await pulumi.log.info(
              `A new service is made ${START_MINUTES} minutes after its grants, so that Google honours them when it starts.`,
            );
            if (!pulumi.runtime.isDryRun()) await pause(START_MINUTES * MINUTE_SECONDS);
          },
          { onDryRun: true },
        ),
      ],
    },
  };
}

/** Says so once in a preview that creates any of its resources. */
function announcing(name: string, message: string): Hooks {
  let isSaid = false;
  const say = async () => {
    if (isSaid || !pulumi.runtime.isDryRun()) return;
    isSaid = true;
    await pulumi.log.info(message);
  };
  return { beforeCreate: [new pulumi.ResourceHook(name, say, { onDryRun: true })] };
}

/** Asks for another attempt while the newest error is of this kind, for so many minutes. */
function repeating(
  name: string,
  kind: RegExp,
  minutes: number,
  pause: (seconds: number) => Promise<unknown>,
): pulumi.ErrorHook {
  return new pulumi.ErrorHook(name, async ({ name: resource, errors: [newest = '', ...earlier] }) => {
    const waited = earlier.length * RETRY_SECONDS;
    if (!kind.test(newest) || waited >= minutes * MINUTE_SECONDS) return false;
    if (waited === 0) {
      await pulumi.log.info(
        `${resource}: Google refuses it so soon. It is repeated every ${RETRY_SECONDS} seconds for up to ${minutes} minutes. The reason: ${newest}`,
      );
    }
    await pause(RETRY_SECONDS);
    return true;
  });
}
