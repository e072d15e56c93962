import type * as gcp from '@pulumi/gcp';

type Rule = gcp.types.input.compute.SecurityPolicyRule;

const EVERY_ADDRESS = { versionedExpr: 'SRC_IPS_V1', config: { srcIpRanges: ['*'] } };

/** The priority that Cloud Armor keeps for the rule of last resort. */
const LAST = 2_147_483_647;

/** What passes Cloud Armor: so many requests per minute from each address. */
export function protectionRules(requestsPerMinute: number): Rule[] {
  return [
    {
      priority: 1000,
      description: 'More than this from one address is answered 429.',
      action: 'throttle',
      match: EVERY_ADDRESS,
      rateLimitOptions: {
        enforceOnKey: 'IP',
        conformAction: 'allow',
        exceedAction: 'deny(429)',
        rateLimitThreshold: { count: requestsPerMinute, intervalSec: 60 },
      },
    },
    { priority: LAST, description: 'The API is open to anybody.', action: 'allow', match: EVERY_ADDRESS },
  ];
}
