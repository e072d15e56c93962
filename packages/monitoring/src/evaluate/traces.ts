import { HOUR, MINUTE } from '../units.ts';

/** A minute of the system as seen from outside. Counts are per minute, ages in seconds. */
export const HEALTHY = {
  requests: 600,
  clientErrors: 30,
  serverErrors: 0,
  /** Fraction of the answers of either route that are too slow. */
  slow: 0.001,
  published: 300,
  refused: 0,
  deadLetters: 0,
  oldestMessage: 4,
  oldestDeadLetter: 0,
  snapshotAge: 60,
  warehouseWarnings: 0,
  billedGib: 0.5,
  /** A list is made every minute: a third of the budget. */
  listGib: 0.027,
  /** Seconds from one list to the next. */
  listWindow: 60,
  leftOut: 0,
  instances: 2,
  /** Of six. */
  failingRegions: 0,
  certificateDays: 60,
  /** Whether a probe that runs now passes. */
  probePasses: true,
  /** Nothing is measured in this minute. */
  missing: false,
};

export type Moment = Readonly<typeof HEALTHY>;

/** A simulated incident, minute by minute. */
export interface Trace {
  readonly name: string;
  readonly minutes: number;
  /** The trouble begins at START. */
  readonly troubleMinutes: number;
  at(minute: number): Partial<Moment>;
  /** The last minute whose points have arrived by then; absent when none is late. */
  readonly visible?: (minute: number) => number;
  /** The alerts that must fire, and no others, with the minute of the trouble by which each must. */
  readonly fires: Readonly<Record<string, number>>;
}

/** Healthy minutes before the trouble: as many as the longest window of an alert looks back. */
export const START = (24 * HOUR) / MINUTE;

/** Minutes that are watched after the trouble, to see which alerts resolve. */
const AFTERWARDS = (3 * HOUR) / MINUTE;

const QUIET = { requests: 0, clientErrors: 0, published: 0, billedGib: 0, listGib: 0 };

export const TRACES: readonly Trace[] = [
  trace('a good day', 60, {}, {}),
  trace(
    'full outage for 30 minutes',
    30,
    { serverErrors: 600, clientErrors: 0, failingRegions: 6, probePasses: false },
    {
      'availability-burns-14.4x': 2,
      'availability-burns-6x': 3,
      'availability-burns-3x': 6,
      unreachable: 5,
      'probe-failing': 22,
    },
  ),
  trace(
    'one request in a hundred fails, for ten hours',
    10 * 60,
    { serverErrors: 6 },
    { 'availability-burns-6x': 220, 'availability-burns-3x': 450 },
  ),
  trace('one request in a hundred fails, for ten minutes', 10, { serverErrors: 6 }, {}),
  trace('a blip: one request in twenty fails, for two minutes', 2, { serverErrors: 30 }, {}),
  trace('a deploy: three errors, twice the instances', 3, { serverErrors: 1, instances: 3 }, {}),
  trace('no traffic at all', 240, QUIET, {}),
  trace(
    'Pub/Sub writes nothing, and there is no traffic',
    90,
    { ...QUIET, probePasses: false },
    { 'probe-failing': 22 },
  ),
  trace('three probes in a row fail', 15, { probePasses: false }, {}),
  trace('a client sends only invalid requests', 240, { clientErrors: 590 }, {}),
  {
    ...trace('one request in five minutes, and one of them fails', 1, {}, {}),
    at: (minute) => ({
      ...QUIET,
      requests: minute % 5 === 0 ? 1 : 0,
      serverErrors: minute === START ? 1 : 0,
    }),
  },
  {
    ...trace('metrics arrive ten minutes late', 10, {}, {}),
    visible: (minute) => (minute > START && minute <= START + 10 ? START : minute),
  },
  trace('no metrics for twenty minutes', 20, { missing: true }, {}),
  trace(
    'the table refuses writes, so the subscription is in its error state',
    90,
    // The prober has a table of its own.
    (minute) => ({ oldestMessage: minute * 60 }),
    {
      'backlog-stuck': 17,
      'freshness-burns-14.4x': 13,
      'freshness-burns-6x': 27,
      'freshness-burns-3x': 50,
    },
  ),
  trace(
    'a burst of poison: a tenth of the messages, for 20 minutes',
    20,
    { deadLetters: 30 },
    { 'dead-letters': 2, 'completeness-burns-14.4x': 13 },
  ),
  trace('one dead letter', 1, { deadLetters: 1 }, { 'dead-letters': 2 }),
  trace('cost runaway: a scan per request', 60, { billedGib: 60 }, { 'cost-runaway': 3 }),
  trace('lists at two thirds of their budget, for a day', 24 * 60, { listGib: 0.053, listWindow: 128 }, {}),
  trace(
    'lists at three times their budget, for five hours',
    5 * 60,
    { listGib: 0.239, billedGib: 0.7 },
    { 'list-budget': 260 },
  ),
  trace('a record that cannot be served', 1, { leftOut: 1 }, { 'records-left-out': 2 }),
  trace('checks from one region of six fail', 60, { failingRegions: 1 }, {}),
  trace(
    'BigQuery is down, and old pages are served',
    60,
    (minute) => ({ warehouseWarnings: 2, snapshotAge: 60 + minute * 60, probePasses: false }),
    { 'stale-answers': 15, 'probe-failing': 22 },
  ),
  trace(
    'half of the answers are slow',
    60,
    { slow: 0.5 },
    { 'latency-list-burns-14.4x': 20, 'latency-list-burns-6x': 50 },
  ),
  trace('a publisher uses a wrong schema', 30, { refused: 10 }, { 'publish-refused': 4 }),
  trace('almost the maximum number of instances', 30, { instances: 4 }, { 'instances-near-maximum': 11 }),
  trace('a certificate expires in 10 days', 60, { certificateDays: 10 }, { 'certificate-expires': 11 }),
  trace(
    'dead letters that nobody handles',
    60,
    { oldestDeadLetter: 25 * 24 * HOUR },
    { 'dead-letters-expire': 11 },
  ),
];

/** `change` takes the minutes since the trouble began. */
function trace(
  name: string,
  troubleMinutes: number,
  change: Partial<Moment> | ((minute: number) => Partial<Moment>),
  fires: Trace['fires'],
): Trace {
  const until = START + troubleMinutes;
  const changed = typeof change === 'function' ? change : () => change;
  return {
    name,
    minutes: until + AFTERWARDS,
    troubleMinutes,
    fires,
    at: (minute) => (minute >= START && minute < until ? changed(minute - START) : {}),
  };
}

export function momentsOf({ minutes, at }: Trace): Moment[] {
  return Array.from({ length: minutes }, (_, minute) => ({ ...HEALTHY, ...at(minute) }));
}
