import type { Minute, Trace, Verdict } from '../../src/canary/decision.ts';

/** `requests/errors/p95`, one word per minute; `-` is a minute that was not reported. */
function minutes(text: string): Minute[] {
  return text.split(' ').flatMap((word, minute) => {
    if (word === '-' || word === '') return [];
    const [requests = 0, errors = 0, p95] = word.split('/').map(Number);
    return [{ minute, requests, errors, p95Ms: requests === 0 ? undefined : p95 }];
  });
}

const trace = (canary: string, stable: string, elapsed = canary.split(' ').length): Trace => ({
  canary: minutes(canary),
  stable: minutes(stable),
  elapsed,
});

const STABLE = '400/0/80 410/0/85 395/0/78 402/0/82 399/0/80 405/1/81';

/** What Cloud Run reports of both revisions in a step, and the right decision. */
export const TRACES: readonly (readonly [name: string, trace: Trace, verdict: Verdict, because: string])[] = [
  ['good', trace('40/0/81 41/0/79 39/0/84 40/0/80 42/0/83', STABLE), 'promote', '5 good minutes'],
  ['good, and young', trace('40/0/81 41/0/79', STABLE), 'hold', '2 of 5 good minutes'],
  ['slow', trace('40/0/390 41/0/420 39/0/405', STABLE), 'return', '3 bad minutes'],
  ['a little slower', trace('40/0/95 41/0/99 39/0/104 40/0/97 42/0/96', STABLE), 'promote', 'good minutes'],
  ['errors at once', trace('40/9/81', STABLE), 'return', '9 of 40 answers failed'],
  ['errors, slowly', trace('90/1/80 90/0/80 90/2/80 90/2/80 90/2/80', STABLE), 'return', '7 of 450'],
  [
    'two errors of many',
    trace('400/1/80 400/0/80 400/1/80 400/0/80 400/0/80', STABLE),
    'promote',
    'good minutes',
  ],
  ['two errors of few', trace('5/2/80 5/0/80', STABLE), 'hold', '10 of 50 requests'],
  [
    'both fail: the warehouse is down',
    trace('40/20/80 40/20/80 40/20/80', '400/200/80 400/200/80 400/200/80'),
    'hold',
    '3 of 5 good minutes',
  ],
  ['no traffic', trace('0/0 0/0 0/0 0/0', STABLE), 'hold', '0 of 50 requests'],
  ['no traffic to the end', trace('0/0 0/0', STABLE, 30), 'return', 'nothing is promoted without proof'],
  ['nothing reported', trace('-', STABLE, 3), 'hold', '0 of 50 requests'],
  [
    'flapping',
    trace('40/0/81 40/0/400 40/0/80 40/0/410 40/0/82 40/0/395', STABLE),
    'return',
    '3 bad minutes',
  ],
  [
    'one slow minute, the last',
    trace('40/0/81 40/0/80 40/0/82 40/0/79 40/0/80 40/0/400', STABLE),
    'hold',
    'newest',
  ],
  [
    'one slow minute, the first',
    trace('40/0/900 40/0/80 40/0/82 40/0/79 40/0/80 40/0/81', STABLE),
    'promote',
    '5 good',
  ],
  ['late metrics', trace('40/0/81 40/0/80 40/0/82 40/0/79 40/0/80', STABLE, 14), 'hold', 'minutes late'],
  [
    'metrics as late as usual',
    trace('40/0/81 40/0/80 40/0/82 40/0/79 40/0/80', STABLE, 9),
    'promote',
    '5 good',
  ],
  [
    'a hole in the metrics',
    trace('40/0/81 - 40/0/82 - 40/0/80 40/0/80 40/0/80', STABLE),
    'promote',
    '5 good',
  ],
  [
    'stable idle',
    trace('40/0/81 40/0/80 40/0/82 40/0/79 40/0/80', '0/0 0/0 0/0'),
    'promote',
    '5 good minutes',
  ],
];
