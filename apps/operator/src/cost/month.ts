import { billOf } from '@records/api/bill';
import type { Price } from '@records/infra/prices';
import type { Declared } from './declared.ts';

const DAYS = 30;
const SECONDS = DAYS * 86_400;
const MINUTES = SECONDS / 60;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
const MILLION = 1e6;

/** Of a row in BigQuery, as text of two bytes more than each value. */
const ROW_BYTES = 60;
/** Of a message: the record as JSON, its id and its time. */
const MESSAGE_BYTES = 150;
/** Pub/Sub bills at least this for a publish request, and a publisher of single records sends one for each. */
const LEAST_PUBLISHED = 1_000;
/** For which the topic keeps messages: BACKLOG_RETENTION in infra/src/components/ingestion.ts. */
const RETAINED_DAYS = 7;
/** The least that BigQuery bills for a look-up. GiB. */
const LOOKUP_GIB = 10 / 1024;
/** An answer: 100 records as JSON. */
const ANSWER_BYTES = 10_000;
/** An instance is taken to work this long on a request that it answers. Seconds. */
const REQUEST_SECONDS = 0.02;
/** The prober runs every five minutes; a job is billed for a minute at least. */
const PROBES = MINUTES / 5;
const JOB_SECONDS = 60;
/** The sweep runs each week. */
const SWEEPS = DAYS / 7;
/** Of the bytes of a row, those of its id: 16 characters and two bytes. */
const ID_SHARE = 18 / ROW_BYTES;
/** Google checks from six regions, once a minute. */
const CHECKS = 6 * MINUTES;
/** Conditions are evaluated once a minute, and return one series each. */
const EVALUATIONS = MINUTES;
/** Two images of the API. GB. */
const IMAGES_GB = 0.5;

/** How a system is used. */
export interface Usage {
  /** Size of the table. */
  readonly gib: number;
  readonly writesPerSecond: number;
  /** Requests for lists. */
  readonly readsPerMinute: number;
  /** Requests for records that the list lacks, each of which BigQuery is asked for. */
  readonly lookupsPerMinute: number;
}

export interface Item {
  readonly name: string;
  readonly usd: number;
  /** What it counts. */
  readonly note: string;
  readonly isConfirmed: boolean;
}

/** What a month costs, item by item. Nothing that Google gives free is subtracted. */
export function itemsOf(declared: Declared, usage: Usage): Item[] {
  const { prices, memory, warmInstances, isCpuAlways } = declared;
  const { gib, writesPerSecond, readsPerMinute, lookupsPerMinute } = usage;
  const lists = listsOf(declared, usage);
  const writes = writesPerSecond * SECONDS;
  const lookups = lookupsPerMinute * MINUTES;
  const lookupGib = Math.min(lookups * LOOKUP_GIB, declared.lookupGib);
  const reads = readsPerMinute * MINUTES;
  const probes = declared.hasProber ? PROBES : 0;
  const checks = declared.hasUptimeCheck ? CHECKS : 0;
  const requests = reads + lookups + probes + checks;
  const [cpu, ofMemory] = isCpuAlways
    ? [prices.instanceCpu, prices.instanceMemory]
    : [prices.idleCpu, prices.idleMemory];
  const warmSeconds = warmInstances * SECONDS;
  const busySeconds = isCpuAlways ? 0 : requests * REQUEST_SECONDS;
  const hasBalancer = declared.forwardingRules > 0;
  return [
    item('lists', [[lists.bytes / TIB, prices.query]], lists.note),
    item(
      'look-ups of what lists lack',
      [[lookupGib / 1024, prices.query]],
      `${count(lookups)} of 10 MiB at least, at most ${dollars((declared.lookupGib / 1024) * prices.query.usd)} (lookupBudgetUsd)`,
    ),
    item(
      'storage',
      [[gib + lists.storedGib, prices.stored]],
      `${count(gib)} GiB of records, ${count(lists.storedGib)} GiB of lists, which expire`,
    ),
    item(
      'ingestion',
      [
        [(writes * LEAST_PUBLISHED) / TIB, prices.published],
        [(writes * MESSAGE_BYTES) / TIB, prices.writtenByPubSub],
        [(writes * MESSAGE_BYTES * RETAINED_DAYS) / DAYS / GIB, prices.retained],
      ],
      `${count(writes)} messages, each published alone`,
    ),
    item(
      'API',
      [
        [warmSeconds, cpu],
        [warmSeconds * memory, ofMemory],
        [busySeconds, prices.cpu],
        [busySeconds * memory, prices.memory],
        [isCpuAlways ? 0 : requests / MILLION, prices.requests],
      ],
      `${warmInstances} warm instance${warmInstances === 1 ? '' : 's'}, ${count(requests)} requests`,
    ),
    item(
      'answers',
      [[((reads + lookups) * ANSWER_BYTES) / GIB, prices.answers]],
      'of 10 kB, to the internet',
    ),
    ...(declared.hasProber
      ? [
          item(
            'prober',
            [
              [PROBES * JOB_SECONDS, prices.instanceCpu],
              [PROBES * JOB_SECONDS * memory, prices.instanceMemory],
              [(PROBES * LEAST_PUBLISHED) / TIB, prices.published],
              [1, prices.schedule],
            ],
            `${count(PROBES)} runs, billed for a minute each; no query is billed`,
          ),
        ]
      : []),
    ...(declared.hasSweep ? [sweepOf(declared, gib)] : []),
    ...(declared.conditions > 0
      ? [
          item(
            'alerts',
            [
              [declared.conditions, prices.alertCondition],
              [(declared.conditions * EVALUATIONS) / MILLION, prices.alertEvaluations],
            ],
            `${declared.conditions} conditions`,
          ),
        ]
      : []),
    ...(hasBalancer
      ? [
          item(
            'load balancer',
            [
              [DAYS * 24, prices.forwardingRules],
              [1, prices.armorPolicy],
              [declared.armorRules, prices.armorRule],
            ],
            `${declared.forwardingRules} forwarding rules, Cloud Armor's ${declared.armorRules} rules`,
          ),
        ]
      : []),
    item(
      'key and images',
      [
        [1, prices.key],
        [IMAGES_GB, prices.images],
      ],
      'of infra/bootstrap',
    ),
  ];
}

/** Each run reads the amendments and the ids of all rows. Deleting is rare, so it is left out. */
function sweepOf({ prices, memory }: Declared, gib: number): Item {
  const idGib = Math.max(gib * ID_SHARE, LOOKUP_GIB);
  return item(
    'sweep',
    [
      [(SWEEPS * (LOOKUP_GIB + idGib)) / 1024, prices.query],
      [SWEEPS * JOB_SECONDS, prices.instanceCpu],
      [SWEEPS * JOB_SECONDS * memory, prices.instanceMemory],
      [1, prices.schedule],
    ],
    `${count(SWEEPS)} runs, which read the ids; a run that finds rows to delete reads all columns`,
  );
}

function listsOf(declared: Declared, { gib, writesPerSecond, readsPerMinute }: Usage) {
  const { prices, window, listGib } = declared;
  const load = {
    tableBytes: gib * GIB,
    rowBytes: ROW_BYTES,
    arrivingBytes: writesPerSecond * SECONDS * ROW_BYTES,
    readEveryMs: readsPerMinute > 0 ? 60_000 / readsPerMinute : Number.POSITIVE_INFINITY,
  };
  if (readsPerMinute === 0) return { bytes: 0, storedGib: 0, note: 'nobody reads, so none is made' };
  const { bytes, periodMs, storedBytes } = billOf({
    ...load,
    windowMs: window * 1_000,
    gibPerMonth: listGib,
    timePercent: 100,
  });
  const unbounded = dollars(
    (windowsWith(load, window) * Math.max(gib, LOOKUP_GIB) * prices.query.usd) / 1024,
  );
  const every =
    periodMs < 7_200_000 ? `${number(periodMs / 60_000)} min` : `${number(periodMs / 3_600_000)} h`;
  const most = dollars((listGib / 1024) * prices.query.usd);
  return {
    bytes,
    storedGib: storedBytes / GIB,
    note: `one each ${every}; at most ${most} (listBudgetUsd), where a scan per window would be ${unbounded}`,
  };
}

/** Windows of a month in which somebody reads and something was written. */
function windowsWith(
  { readEveryMs, arrivingBytes }: { readEveryMs: number; arrivingBytes: number },
  window: number,
): number {
  const read = SECONDS / Math.max(window, readEveryMs / 1_000);
  return Math.min(read, arrivingBytes / ROW_BYTES);
}

function item(name: string, parts: readonly (readonly [amount: number, price: Price])[], note: string): Item {
  return {
    name,
    usd: parts.reduce((sum, [amount, { usd }]) => sum + amount * usd, 0),
    note,
    isConfirmed: parts.every(([amount, { isConfirmed }]) => amount === 0 || isConfirmed),
  };
}

export function dollars(usd: number): string {
  return usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function count(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: amount < 100 ? 1 : 0 });
}

function number(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
