import { duration, grouped, rate } from './format.ts';
import type { SeedResult } from './seed.ts';

/** What went wrong, one sentence each, with where to look; empty when all is well. */
export function problemsOf(result: SeedResult): string[] {
  const { count, sent, failed, unconfirmed, stored, expected, reasons } = result;
  const problems = [];
  if (failed > 0) {
    problems.push(`${grouped(failed)} messages were refused or lost at publish:`);
    for (const { reason, messages } of reasons) problems.push(`  ${grouped(messages)}: ${reason}`);
  }
  if (unconfirmed > 0) {
    problems.push(
      `${grouped(unconfirmed)} messages were handed to Pub/Sub without an answer; they may appear yet.`,
    );
  }
  const unsent = count - sent - failed - unconfirmed;
  if (unsent > 0) {
    const cause = result.interrupted ? 'it was interrupted' : 'of these failures';
    problems.push(
      `${grouped(unsent)} messages were not sent because ${cause}; the same seed sends the same ones again.`,
    );
  }
  // What is not in the table yet is no loss when nobody waited for it.
  if (result.interrupted) return [...problems, 'Interrupted before all was seen in the table.'];
  if (result.tableProblem !== undefined) {
    problems.push(`${result.table} could not be read any more: ${result.tableProblem}`);
  }
  if (stored !== undefined && stored < expected) problems.push(...missing(result, expected - stored));
  return problems;
}

function missing({ expected, table, deadLetterSubscription }: SeedResult, absent: number): string[] {
  return [
    `${grouped(absent)} of ${grouped(expected)} records did not become visible in ${table}. Look at`,
    ...(deadLetterSubscription === undefined
      ? []
      : [
          `  the dead letters in ${deadLetterSubscription}: attribute CloudPubSubDeadLetterSourceDeliveryErrorMessage`,
        ]),
    '  the BigQuery subscription: its state, and how old its oldest unacknowledged message is',
    'or run it again with the same seed and a longer --wait: readers see nobody twice.',
  ];
}

/** The result as a person reads it, one line for each fact. */
export function reportOf(result: SeedResult): string {
  const { count, sent, publishSeconds } = result;
  const lines = [
    ['run', `${result.run}  (--seed ${result.seed} --locale ${result.locale})`],
    [
      'sent',
      `${grouped(sent)} of ${grouped(count)} in ${duration(publishSeconds)}, ${rate(sent, publishSeconds)}`,
    ],
    ['stored', storedLine(result)],
    ['sha256', result.sha256],
  ] as const;
  return lines.map(([label, text]) => `${label.padEnd(8)}${text}`).join('\n');
}

function storedLine({ stored, storedBefore, expected, visibleSeconds }: SeedResult): string {
  const before = storedBefore > 0 ? `, ${grouped(storedBefore)} of them already there before` : '';
  if (stored === undefined) return `not known${before}`;
  const line = `${grouped(stored)} of ${grouped(expected)}${before}`;
  const added = stored - storedBefore;
  if (visibleSeconds === undefined || added <= 0) return line;
  return `${line}; visible after ${duration(visibleSeconds)}, ${rate(added, visibleSeconds)}`;
}
