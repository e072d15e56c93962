import { duration, grouped, rate } from './format.ts';
import { flagsOf } from './mix.ts';
import type { Reconciliation } from './reconcile/reconcile.ts';
import type { RunFacts } from './run.ts';
import type { SeedResult } from './seed.ts';
import type { VerifyResult } from './verify/verify.ts';

/** The problems of a run, one sentence each, with where to look; empty when all is well. */
export function problemsOf(result: SeedResult): string[] {
  const { count, sent, failed, unexpected, unconfirmed, reasons, reconciliation } = result;
  const problems = [];
  if (unexpected > 0) {
    problems.push(`${grouped(unexpected)} messages were refused or lost at publish:`);
    for (const { reason, messages } of reasons) problems.push(`  ${grouped(messages)}: ${reason}`);
  }
  if (unconfirmed > 0) {
    problems.push(
      `${grouped(unconfirmed)} messages were handed to Pub/Sub without an answer; they may still appear.`,
    );
  }
  const unsent = count - sent - failed - unconfirmed;
  if (unsent > 0) {
    const cause = result.interrupted ? 'it was interrupted' : 'of these failures';
    problems.push(
      `${grouped(unsent)} messages were not sent because ${cause}; the same seed sends the same messages again.`,
    );
  }
  // An interrupted run did not wait for its rows, so a missing row is no loss.
  if (result.interrupted || reconciliation === undefined)
    return [...problems, 'Interrupted before all records were visible in the table.'];
  return [...problems, ...differencesOf(result, reconciliation)];
}

/** The problems of a run that was checked again. */
export function verifyProblemsOf(result: VerifyResult): string[] {
  return differencesOf(result, result.reconciliation);
}

function differencesOf(facts: RunFacts, reconciliation: Reconciliation): string[] {
  const { problem, missing, answered, refused, deadLettered, differences, firstDifferences } = reconciliation;
  const problems = problem === undefined ? [] : [problem];
  if (missing > 0) problems.push(...missingOf(facts, missing, answered - refused - deadLettered));
  if (differences === 0) return problems;
  problems.push(`${grouped(differences)} differences from what this run must leave:`);
  for (const { id, problem, messages } of firstDifferences) {
    problems.push(`  ${id} ${problem}${messages > 1 ? ` (${grouped(messages)} messages)` : ''}`);
  }
  const others = differences - firstDifferences.length;
  if (others > 0) problems.push(`  and ${grouped(others)} more; --differences <file> lists all of them`);
  return problems;
}

function missingOf({ table, deadLetterSubscription }: RunFacts, absent: number, of: number): string[] {
  return [
    `${grouped(absent)} of ${grouped(of)} records did not become visible in ${table}. Look at`,
    ...(deadLetterSubscription === undefined
      ? []
      : [
          `  the dead letters in ${deadLetterSubscription}: attribute CloudPubSubDeadLetterSourceDeliveryErrorMessage`,
        ]),
    '  the BigQuery subscription: its state, and the age of its oldest unacknowledged message',
    'or run it again with the same seed and a longer --wait: readers see no record twice.',
  ];
}

/** The result for a person, one line per fact. */
export function reportOf(result: SeedResult): string {
  const { count, sent, publishSeconds, reconciliation } = result;
  return linesOf([
    ['run', runLine(result)],
    [
      'sent',
      `${grouped(sent)} of ${grouped(count)} in ${duration(publishSeconds)}, ${rate(sent, publishSeconds)}`,
    ],
    ['stored', storedLine(result)],
    ...(reconciliation ? ([['sum', sumLine(reconciliation)]] as const) : []),
    ['sha256', result.sha256],
  ]);
}

export function verifyReportOf(result: VerifyResult): string {
  return linesOf([
    ['run', runLine(result)],
    ['sum', sumLine(result.reconciliation)],
  ]);
}

function runLine({ run, seed, locale, mix }: RunFacts): string {
  return `${run}  (--seed ${seed} --locale ${locale}${flagsOf(mix)})`;
}

function storedLine({ stored, storedBefore, expected, visibleSeconds }: SeedResult): string {
  const before = storedBefore > 0 ? `, ${grouped(storedBefore)} of them already there before` : '';
  if (stored === undefined) return `unknown${before}`;
  const line = `${grouped(stored)} of ${grouped(expected)}${before}`;
  const added = stored - storedBefore;
  if (visibleSeconds === undefined || added <= 0) return line;
  return `${line}; visible after ${duration(visibleSeconds)}, ${rate(added, visibleSeconds)}`;
}

function sumLine(reconciliation: Reconciliation): string {
  const { answered, stored, duplicates, conflicts, refused, deadLettered, missing } = reconciliation;
  const terms = [
    [stored, 'stored'],
    [duplicates, 'duplicates'],
    [conflicts, 'conflicts'],
    [refused, 'refused'],
    [deadLettered, 'dead-lettered'],
    [missing, 'missing'],
  ] as const;
  const shown = terms.filter(([messages, name]) => messages > 0 || name === 'stored');
  const sum = shown.map(([messages, name]) => `${grouped(messages)} ${name}`).join(' + ');
  const more = reconciliation.redelivered;
  return `${grouped(answered)} = ${sum}${more > 0 ? `; ${grouped(more)} rows delivered again` : ''}`;
}

function linesOf(lines: readonly (readonly [label: string, text: string])[]): string {
  return lines.map(([label, text]) => `${label.padEnd(8)}${text}`).join('\n');
}
