import { EXIT, printError, UserError } from '@records/cli';
import { findStack, LOCAL, type StackChoice } from '@records/stack';
import {
  type DeadLetter,
  discard,
  list,
  MAX_REPLAYS,
  Mailbox,
  replay,
  type Selection,
} from '@records/stack/dead-letters';
import { confirm } from './confirm.ts';
import { detailsOf, groupTable, jsonOf, tableOf } from './report.ts';

/** Refusals that are printed; the others are counted. */
const SHOWN_REFUSALS = 10;

interface Options extends StackChoice {
  readonly stack: string;
  readonly limit: number;
  /** Seconds. */
  readonly wait: number;
  readonly id?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly since?: Date | undefined;
  readonly json?: true | undefined;
}

interface Changes extends Options {
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

export async function printList(
  options: Options & { readonly each?: true | undefined; readonly payload?: true | undefined },
): Promise<void> {
  const { limit, json, each = false, payload = false } = options;
  const found = await withMailbox(options, list);
  if (json) return printJson(found, payload);
  if (found.length === 0) return console.log('no dead letters match');
  if (payload) console.log(found.map(detailsOf).join('\n\n'));
  else console.log(each ? tableOf(found) : groupTable(found));
  if (found.length === limit) console.error(`only the first ${limit}; --limit looks at more`);
  else if (!payload && !each) console.error(`${found.length} dead letters; --each shows a line for each`);
}

export async function printDetails(options: Options): Promise<void> {
  const found = await withMailbox(options, list);
  if (options.json) printJson(found, true);
  else if (found.length > 0) console.log(found.map(detailsOf).join('\n\n'));
  const missing = options.id?.filter((id) => !found.some((deadLetter) => deadLetter.id === id)) ?? [];
  if (missing.length === 0) return;
  throw new UserError(`the first ${options.limit} dead letters do not include ${missing.join(', ')}`, {
    hint: '`pnpm ops dead-letters list --each` shows the ids; another reader may hold them right now',
  });
}

export async function printReplay(options: Changes): Promise<void> {
  const dryRun = options.dryRun ?? false;
  const result = await withMailbox(options, (mailbox, selection) => replay(mailbox, selection, { dryRun }));
  const { replayed, stopped, refused } = result;
  if (options.json) console.log(JSON.stringify({ ...result, dryRun }));
  else console.log(`${replayed} dead letters ${dryRun ? 'would be' : 'were'} published again and removed`);
  for (const { id, reason } of refused.slice(0, SHOWN_REFUSALS))
    console.error(`${id} was not replayed: ${reason}`);
  if (refused.length > SHOWN_REFUSALS) console.error(`and ${refused.length - SHOWN_REFUSALS} more`);
  if (stopped > 0) {
    printError(
      new UserError(`${stopped} dead letters stay: they failed after ${MAX_REPLAYS} replays`, {
        hint: 'mend what refuses them and publish them yourself, or `pnpm ops dead-letters discard`',
      }),
    );
  }
  if (refused.length > 0 || stopped > 0) process.exitCode = EXIT.failed;
}

export async function printDiscard(options: Changes): Promise<void> {
  const { stack, json, yes, dryRun = false } = options;
  if (stack !== LOCAL && !dryRun && !yes) await confirm(stack, 'removes dead letters of');
  const discarded = await withMailbox(options, (mailbox, selection) =>
    discard(mailbox, selection, { dryRun }),
  );
  if (json) console.log(JSON.stringify({ discarded, dryRun }));
  else console.log(`${discarded} dead letters ${dryRun ? 'would be' : 'were'} discarded`);
}

async function withMailbox<Result>(
  options: Options,
  act: (mailbox: Mailbox, selection: Selection) => Promise<Result>,
): Promise<Result> {
  const { id: ids, reason, since, limit, wait } = options;
  await using mailbox = new Mailbox(await findStack(options), wait * 1_000);
  return await act(mailbox, { filter: { ids, reason, since }, limit });
}

function printJson(deadLetters: readonly DeadLetter[], payload: boolean): void {
  console.log(JSON.stringify(deadLetters.map((deadLetter) => jsonOf(deadLetter, payload))));
}
