/**
 * List prices in USD, which the budgets of queries and `pnpm ops cost` count with. Each has its page, and the day on which a copy of the page
 * was read. `isConfirmed` is false where no copy of Google's page itself showed the figure. A month has 30 days.
 */
export interface Price {
  readonly usd: number;
  readonly per: string;
  readonly source: string;
  readonly read: string;
  readonly isConfirmed: boolean;
}

const price = (usd: number, per: string, source: string, read = '2026-11-25', isConfirmed = true): Price => ({
  ...{ usd, per, source, read, isConfirmed },
});

const BIGQUERY = 'https://cloud.google.com/bigquery/pricing';
const PUBSUB = 'https://cloud.google.com/pubsub/pricing';
const RUN = 'https://cloud.google.com/run/pricing';
const BALANCER = 'https://cloud.google.com/load-balancing/pricing';
const ARMOR = 'https://cloud.google.com/armor/pricing';
const OBSERVABILITY = 'https://cloud.google.com/products/observability/pricing';
const NETWORK = 'https://cloud.google.com/vpc/network-pricing';
const REGISTRY = 'https://cloud.google.com/artifact-registry/pricing';
const KMS = 'https://cloud.google.com/kms/pricing';
const SCHEDULER = 'https://cloud.google.com/scheduler/pricing';

const TODAY = '2026-11-28';

/** Prices that are the same in every region. */
const EVERYWHERE = {
  published: price(40, 'TiB published, at least 1,000 bytes a request', PUBSUB, '2026-09-20'),
  writtenByPubSub: price(50, 'TiB written by a BigQuery subscription', PUBSUB, '2026-09-20'),
  retained: price(0.27, 'GiB of messages that a topic keeps for a month', PUBSUB, TODAY, false),
  requests: price(0.4, 'million requests', RUN, TODAY),
  forwardingRules: price(0.025, 'hour, for up to five forwarding rules', BALANCER),
  armorPolicy: price(5, 'month and policy', ARMOR, '2026-11-25', false),
  armorRule: price(1, 'month and rule', ARMOR, '2026-11-25', false),
  alertCondition: price(0.1, 'month and condition', OBSERVABILITY, TODAY, false),
  alertEvaluations: price(0.35, 'million series that conditions return', OBSERVABILITY, TODAY),
  schedule: price(0.1, 'month and schedule', SCHEDULER, TODAY, false),
  images: price(0.1, 'GB of images and month', REGISTRY),
  key: price(0.06, 'month and version of a key', KMS, '2026-11-25', false),
  answers: price(0.12, 'GiB sent to the internet', NETWORK, TODAY, false),
} as const;

/** https://cloud.google.com/run/pricing: the second has the dearer regions. */
const RUN_TIERS = {
  1: {
    cpu: price(0.000_024, 'vCPU-second of a request', RUN, TODAY),
    memory: price(0.000_002_5, 'GiB-second of a request', RUN, TODAY),
    idleCpu: price(0.000_002_5, 'vCPU-second of an idle instance that is kept', RUN, TODAY),
    idleMemory: price(0.000_002_5, 'GiB-second of an idle instance that is kept', RUN, TODAY),
    instanceCpu: price(0.000_018, 'vCPU-second of a job, or of an instance with CPU always', RUN, TODAY),
    instanceMemory: price(0.000_002, 'GiB-second of a job, or of an instance with CPU always', RUN, TODAY),
  },
  2: {
    cpu: price(0.000_033_6, 'vCPU-second of a request', RUN, TODAY),
    memory: price(0.000_003_5, 'GiB-second of a request', RUN, TODAY),
    idleCpu: price(0.000_003_5, 'vCPU-second of an idle instance that is kept', RUN, TODAY),
    idleMemory: price(0.000_003_5, 'GiB-second of an idle instance that is kept', RUN, TODAY),
    instanceCpu: price(
      0.000_025_2,
      'vCPU-second of a job, or of an instance with CPU always',
      RUN,
      TODAY,
      false,
    ),
    instanceMemory: price(
      0.000_002_8,
      'GiB-second of a job, or of an instance with CPU always',
      RUN,
      TODAY,
      false,
    ),
  },
} as const;

interface Region {
  /** USD per TiB that on-demand queries scan. */
  readonly query: number;
  readonly runTier: keyof typeof RUN_TIERS;
}

/** São Paulo is the dearest region that BigQuery lists. */
const DEAREST: Region = { query: 11.25, runTier: 2 };
const REGIONS: Readonly<Record<string, Region>> = {
  eu: { query: 6.25, runTier: 1 },
  us: { query: 6.25, runTier: 1 },
  'us-central1': { query: 6.25, runTier: 1 },
  'southamerica-east1': DEAREST,
  'southamerica-west1': { query: 8.9375, runTier: 2 },
};
/** In the United States. */
const STORED_USD = 0.02;

export type Prices = ReturnType<typeof pricesIn>;

/** The prices of a region. An unlisted one counts as the dearest. */
export function pricesIn(region: string) {
  const known = REGIONS[region.toLowerCase()];
  const { query, runTier } = known ?? DEAREST;
  const isCheapest = query === REGIONS.us?.query;
  return {
    isKnown: known !== undefined,
    ...EVERYWHERE,
    ...RUN_TIERS[runTier],
    query: price(query, 'TiB that queries scan', BIGQUERY),
    // Taken to be as much dearer as queries are.
    stored: price(
      (STORED_USD * query) / 6.25,
      'GiB in BigQuery and month',
      BIGQUERY,
      '2026-11-25',
      isCheapest,
    ),
  };
}

const GIB_PER_TIB = 1024;

/** What a budget in USD buys, in whole GiB and at least one. `usdPerTib`: of queries. */
export function gibFor(usd: number, usdPerTib: number): number {
  return Math.max(1, Math.floor((usd / usdPerTib) * GIB_PER_TIB));
}
