import type * as gcp from '@pulumi/gcp';
import type { Rollout } from '../deployment.ts';

/** During a rollout, the newest revision has its own URL under this tag. */
export const CANARY_TAG = 'canary';

const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

/** The percentage of requests for each revision. https://docs.cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration */
export function trafficOf(rollout: Rollout | undefined): gcp.types.input.cloudrunv2.ServiceTraffic[] {
  if (!rollout) return [{ type: LATEST, percent: 100 }];
  const { stableRevision, canaryPercent } = rollout;
  const canary = { type: LATEST, ...(canaryPercent > 0 && { percent: canaryPercent }), tag: CANARY_TAG };
  // Cloud Run drops a target without requests and tag, and every later plan would show a change.
  if (canaryPercent === 100) return [canary];
  return [{ type: REVISION, revision: stableRevision, percent: 100 - canaryPercent }, canary];
}
