import { findTarget, SeederError } from '@records/seeder/target';
import { LOCAL_STACK, type Request } from './command.ts';
import { confirm } from './confirm.ts';
import { discard, list, type ReplayResult, replay, type Selection } from './dead-letters/actions.ts';
import { MAX_REPLAYS } from './dead-letters/letter.ts';
import { Mailbox } from './dead-letters/mailbox.ts';
import { detailsOf, jsonOf, tableOf } from './dead-letters/report.ts';

/** Refusals that are printed; the others are counted. */
const SHOWN_REFUSALS = 10;

/** Does what was asked for; answers the exit code. */
export async function run(request: Request): Promise<number> {
  const { options, action } = request;
  const dryRun = options.dryRun ?? false;
  if (action === 'discard' && options.stack !== LOCAL_STACK && !dryRun && !options.yes)
    await confirm(options.stack);
  // Nothing here makes up records, so production needs no leave.
  const target = await findTarget({ ...options, allowProduction: true });
  await using mailbox = new Mailbox(target, options.wait * 1_000);
  const { id: ids, reason, since, limit } = options;
  const selection: Selection = { filter: { ids, reason, since }, limit };
  switch (action) {
    case 'list':
      return await printList(mailbox, selection, request);
    case 'show':
      return await printLetters(mailbox, selection, options.json ?? false);
    case 'replay':
      return printReplay(await replay(mailbox, selection, { dryRun }), request);
    case 'discard': {
      const discarded = await discard(mailbox, selection, { dryRun });
      if (options.json) console.log(JSON.stringify({ discarded, dryRun }));
      else console.log(`${discarded} dead letters ${dryRun ? 'would be' : ''} discarded`.replace('  ', ' '));
      return 0;
    }
  }
}

async function printList(mailbox: Mailbox, selection: Selection, { options }: Request): Promise<number> {
  const letters = await list(mailbox, selection);
  if (options.json) {
    console.log(JSON.stringify(letters.map((letter) => jsonOf(letter, options.payload ?? false))));
  } else if (letters.length === 0) console.log('no dead letters match');
  else {
    console.log(options.payload ? letters.map(detailsOf).join('\n\n') : tableOf(letters));
    if (letters.length === selection.limit) console.error(`the first ${selection.limit}; --limit shows more`);
  }
  return 0;
}

async function printLetters(mailbox: Mailbox, selection: Selection, json: boolean): Promise<number> {
  const letters = await list(mailbox, selection);
  const missing = selection.filter.ids?.filter((id) => !letters.some((letter) => letter.id === id)) ?? [];
  if (json) console.log(JSON.stringify(letters.map((letter) => jsonOf(letter, true))));
  else if (letters.length > 0) console.log(letters.map(detailsOf).join('\n\n'));
  if (missing.length === 0) return 0;
  throw new SeederError(
    `among the first ${selection.limit} dead letters there is no ${missing.join(', no ')}`,
    {
      wayOut: '`pnpm dead-letters list` shows the ids; somebody else may be looking at it right now',
    },
  );
}

function printReplay({ replayed, stopped, refused }: ReplayResult, { options }: Request): number {
  const dryRun = options.dryRun ?? false;
  if (options.json) console.log(JSON.stringify({ replayed, stopped, refused, dryRun }));
  else {
    console.log(
      `${replayed} dead letters ${dryRun ? 'would be published again' : 'published again, and removed'}`,
    );
    if (stopped > 0) {
      console.log(`${stopped} left where they are: they have failed after ${MAX_REPLAYS} replays`);
      console.log('   mend what refuses them and publish them yourself, or `pnpm dead-letters discard`');
    }
  }
  for (const { id, reason } of refused.slice(0, SHOWN_REFUSALS))
    console.error(`${id} was not replayed: ${reason}`);
  if (refused.length > SHOWN_REFUSALS) console.error(`and ${refused.length - SHOWN_REFUSALS} more`);
  return refused.length > 0 || stopped > 0 ? 1 : 0;
}
