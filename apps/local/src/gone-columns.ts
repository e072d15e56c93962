import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { GoneColumns, Problem } from '@records/local-cloud';

export const GONE_COLUMNS = ['keep', 'drop'] as const satisfies readonly GoneColumns[];

export interface Asking {
  /** Chosen before, by `--columns`. */
  readonly choice: GoneColumns | undefined;
  /** A terminal that a person reads; undefined where nobody would answer. */
  readonly terminal: { readonly input: Readable; readonly output: Writable } | undefined;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

/**
 * What to do with columns that the program no longer declares: one that was tried and taken back, or of another branch.
 * Without an answer they stay, which loses nothing. Undefined stops the start.
 */
export async function askAboutColumns(
  problems: readonly Problem[],
  { choice, terminal, signal, say }: Asking,
): Promise<GoneColumns | undefined> {
  const tables = problems.map(
    ({ urn = '', goneColumns = [] }) => `${urn.slice(urn.lastIndexOf(':') + 1)} (${goneColumns.join(', ')})`,
  );
  say(`infra/ no longer declares columns that these tables have: ${tables.join(', ')}`);
  const answer = choice ?? (terminal ? await answerOf(terminal, signal) : 'keep');
  if (answer === 'keep')
    say('They stay, empty in new records. To drop them with their values: pnpm dev --columns drop');
  if (answer === 'drop') say('They are dropped with their values. The records stay.');
  return answer;
}

const QUESTION = `  keep  keep them, empty in new records; loses nothing
  drop  drop them with their values; the records stay
  stop  change nothing
keep, drop or stop? [keep] `;

async function answerOf(
  { input, output }: NonNullable<Asking['terminal']>,
  signal: AbortSignal,
): Promise<GoneColumns | undefined> {
  // Not as a terminal: that would take Ctrl-C for itself.
  const lines = createInterface({ input, terminal: false, signal });
  output.write(QUESTION);
  try {
    for await (const line of lines) {
      const answer = line.trim().toLowerCase() || 'keep';
      if (answer === 'stop') break;
      const chosen = GONE_COLUMNS.find((known) => known === answer || known[0] === answer);
      if (chosen) return chosen;
      output.write(QUESTION);
    }
  } finally {
    lines.close();
  }
  return undefined;
}
