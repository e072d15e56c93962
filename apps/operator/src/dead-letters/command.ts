import { type Command, InvalidArgumentError, integer, verb } from '@records/cli';
import { stackFileOption, targetOption } from '@records/stack';

const LIMIT = { usual: 10_000, max: 100_000 } as const;

export function addDeadLetters(ops: Command): void {
  const deadLetters = verb(ops, 'dead-letters', {
    summary: 'inspect and replay refused messages',
    description: 'Shows the messages that the table refused, each with its reason, and publishes them again.',
    example: 'pnpm ops dead-letters list',
    more: `Listing leases the dead letters and returns them; other readers do not see them meanwhile.
A replayed message that fails again comes back with a count, and is replayed at most 3 times.`,
    exitCodes: 'Exit codes: 0 done, 1 a message was refused, left or not reached, 2 wrong options.',
  });
  const add = (name: string, summary: string, options: string, limit: number) =>
    verb(deadLetters, name, { summary, example: `pnpm ops dead-letters ${name} ${options}` })
      .addOption(targetOption())
      .addOption(stackFileOption())
      .option('--limit <n>', `dead letters to look at, 1 to ${LIMIT.max}`, integer(1, LIMIT.max), limit)
      .option('--wait <seconds>', 'how long to wait for more, 1 to 60', integer(1, 60), 2)
      .option('--json', 'print JSON');
  const addFiltered = (name: string, summary: string, options: string, limit: number) =>
    add(name, summary, options, limit)
      .option('--id <id...>', 'only these')
      .option('--reason <text>', 'only those whose reason contains it')
      .option('--since <time>', 'only those since then: 2026-11-24T06:00:00Z, or 90m, 12h, 3d ago', time);

  addFiltered(
    'list',
    'count them by reason, with ids of records; removes nothing',
    '--since 12h',
    LIMIT.usual,
  )
    .option('--each', 'one line per dead letter, with the id that the other verbs take')
    .option('--payload', 'also show the content of the messages: people')
    .action(async (options) => (await load()).printList(options));
  add('show', 'everything about dead letters, payload included', '7351 -s dev', LIMIT.usual)
    .argument('<id...>')
    .action(async (id, options) => (await load()).printDetails({ ...options, id }));
  addFiltered('replay', 'publish again, then remove', "--reason 'Unknown field' --dry-run", LIMIT.usual)
    .option('--dry-run', 'print how many, and change nothing')
    .action(async (options) => (await load()).printReplay(options));
  const discard = addFiltered('discard', 'remove for good', "--reason 'Unknown field'", LIMIT.usual);
  discard
    .option('--dry-run', 'print how many, and change nothing')
    .option('--all', 'without a filter: every one')
    .option('--yes', 'do not ask for confirmation, as stacks other than the local one do')
    .action(async (options) => {
      const { id, reason, since, all } = options;
      if (!all && id === undefined && reason === undefined && since === undefined) {
        discard.error(
          'error: discard removes for good, so say which: --id, --reason or --since, or --all for every one',
        );
      }
      await (await load()).printDiscard(options);
    });
}

// Google's clients take half a second to load.
const load = () => import('./run.ts');

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function time(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (unit !== undefined)
    return new Date(Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]);
  const at = new Date(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError(`"${text}" must be a time like 2026-11-24T06:00:00Z, or 90m, 12h, 3d`);
}
