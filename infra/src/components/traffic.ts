import type * as gcp from '@pulumi/gcp';
import type { Rollout } from '../config.ts';

/** The newest revision has an address of its own under this tag while another one is the stable one. */
export const CANARY_TAG = 'canary';

const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

/** Which revision takes how many of the requests. https://docs.cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration */
export function trafficOf(rollout: Rollout | undefined): gcp.types.input.cloudrunv2.ServiceTraffic[] {
  if (!rollout) return [{ type: LATEST, percent: 100 }];
  const { stableRevision, canaryPercent } = rollout;
  const canary = { type: LATEST, percent: canaryPercent, tag: CANARY_TAG };
  // Cloud Run forgets a target with neither requests nor a tag, which Pulumi would see as a change for ever.
  if (canaryPercent === 100) return [canary];
  return [{ type: REVISION, revision: stableRevision, percent: 100 - canaryPercent }, canary];
}
