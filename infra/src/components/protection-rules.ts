import type * as gcp from '@pulumi/gcp';

type Rule = gcp.types.input.compute.SecurityPolicyRule;

const EVERY_ADDRESS = { versionedExpr: 'SRC_IPS_V1', config: { srcIpRanges: ['*'] } };

/** Cloud Armor's priority for the default rule. */
const LAST = 2_147_483_647;

/** Cloud Armor's rules: each address may send this many requests per minute. */
export function protectionRules(requestsPerMinute: number): Rule[] {
  return [
    {
      priority: 1000,
      description: 'Answers 429 above the limit of one address.',
      action: 'throttle',
      match: EVERY_ADDRESS,
      rateLimitOptions: {
        enforceOnKey: 'IP',
        conformAction: 'allow',
        exceedAction: 'deny(429)',
        rateLimitThreshold: { count: requestsPerMinute, intervalSec: 60 },
      },
    },
    {
      priority: LAST,
      description: 'Anybody may call the API.',
      action: 'allow',
      match: EVERY_ADDRESS,
    },
  ];
}
