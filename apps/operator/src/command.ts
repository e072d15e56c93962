import { Command, InvalidArgumentError, Option } from 'commander';

export interface Request {
  readonly action: 'list' | 'show' | 'replay' | 'discard';
  readonly options: Options;
}

export interface Options {
  readonly stack: string;
  readonly stackFile?: string;
  readonly limit: number;
  /** Seconds. */
  readonly wait: number;
  readonly json?: boolean;
  readonly payload?: boolean;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly id?: readonly string[];
  readonly reason?: string;
  readonly since?: Date;
}

/** The stack of `pnpm dev`. */
export const LOCAL_STACK = 'local';

const LIMIT = { list: 100, others: 10_000, max: 100_000 } as const;

/** Throws CommanderError after printing what is wrong, or the help that was asked for. */
export function parseArguments(args: readonly string[]): Request {
  const requests: Request[] = [];
  const program = new Command('pnpm dead-letters')
    .description('Messages that could not be stored, each with its reason: look, mend, publish again.')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', HELP)
    .exitOverride();
  const command = (action: Request['action'], description: string, limit: number): Command => {
    const subcommand = program
      .command(action)
      .description(description)
      .option('--stack <name>', 'the local stack, or one that Pulumi deployed from infra/', LOCAL_STACK)
      .option('--stack-file <path>', 'description of the running local stack (default: .local/stack.json)')
      .option('--limit <n>', `letters to look at, 1 to ${LIMIT.max}`, integer(1, LIMIT.max), limit)
      .option('--wait <seconds>', 'how long to ask for more before it is all, 1 to 60', integer(1, 60), 2)
      .option('--json', 'print JSON')
      .helpOption('--help', 'show this help')
      .allowExcessArguments(false)
      .exitOverride();
    subcommand.action((...given: unknown[]) => {
      const ids = Array.isArray(given[0]) ? { id: given[0] as string[] } : {};
      requests.push({ action, options: { ...subcommand.opts<Options>(), ...ids } });
    });
    return subcommand;
  };
  const filters = (subcommand: Command): Command =>
    subcommand
      .addOption(new Option('--id <id...>', 'only these'))
      .option('--reason <text>', 'only those whose reason contains it')
      .option('--since <time>', 'only those from then on: 2026-11-24T06:00:00Z, or 90m, 12h, 3d ago', time);

  filters(command('list', 'one line per letter; nothing is removed', LIMIT.list)).option(
    '--payload',
    'show what the messages hold, too: people',
  );
  command('show', 'everything about letters, payload included', LIMIT.others).argument('<id...>');
  filters(command('replay', 'publish to the topic again, then remove', LIMIT.others)).option(
    '--dry-run',
    'say how many, and do nothing',
  );
  filters(command('discard', 'remove for good: needs a filter, or --all', LIMIT.others))
    .option('--dry-run', 'say how many, and do nothing')
    .option('--all', 'without a filter: every one')
    .option('--yes', 'do not ask first, as a stack other than the local one does');
  // The `--` that npm wants before a script's options is pnpm's to pass on.
  program.parse(args[0] === '--' ? args.slice(1) : args, { from: 'user' });
  const [request] = requests;
  if (request === undefined) return program.help({ error: true });
  const { id, reason, since, all } = request.options;
  if (request.action === 'discard' && !all && id === undefined && reason === undefined && since === undefined)
    program.error(
      'error: discard removes for good, so say which: --id, --reason or --since, or --all for every one',
    );
  return request;
}

const HELP = `
Looking takes a lease and gives it back: a letter is away from others for the moment, and stays.
A replayed message that fails again comes back with a count, and is not replayed more than 3 times.
Exit codes: 0 done, 1 something was refused, left or not reached, 2 wrong options.

Examples:
  pnpm dead-letters list --since 12h
  pnpm dead-letters replay --reason 'Unknown field' --dry-run
  pnpm dead-letters replay --stack prod
`;

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`"${text}" must be an integer from ${min} to ${max}`);
  };
}

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function time(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (unit !== undefined)
    return new Date(Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]);
  const at = new Date(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError(`"${text}" must be a time like 2026-11-24T06:00:00Z, or 90m, 12h, 3d`);
}
