import { Command, InvalidArgumentError } from 'commander';

export interface StackOptions {
  readonly stack: string;
  readonly stackFile?: string;
  readonly json?: boolean;
}

export type Request =
  | { readonly action: 'init'; readonly options: StackOptions }
  | { readonly action: 'list'; readonly options: StackOptions }
  | { readonly action: 'create'; readonly name: string; readonly options: CreateOptions }
  | { readonly action: 'revoke'; readonly key: string; readonly options: StackOptions };

export interface CreateOptions extends StackOptions {
  /** Requests per minute and instance. */
  readonly limit: number;
  /** Days from now. */
  readonly expires?: number;
}

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 6_000;
const MAX_DAYS = 3_650;

const HELP = `
The key is printed once and stored nowhere: only its SHA-256 is, with name, limit and dates.
A new key works, and a revoked one stops to work, within ten seconds at every instance.
Exit codes: 0 done, 1 not done, 2 wrong options.

Examples:
  pnpm api-keys init --stack prod
  pnpm api-keys create crm --limit 6000 --expires 365
  pnpm api-keys list --stack prod
  pnpm api-keys revoke 1f3c9a0b7d21 --stack prod
`;

/** Throws CommanderError after printing what is wrong, or the help that was asked for. */
export function parseArguments(args: readonly string[]): Request {
  const requests: Request[] = [];
  const program = new Command('pnpm api-keys')
    .description('Keys of the API: a consumer with a key has a rate limit of its own.')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', HELP)
    .exitOverride();
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option('--stack <name>', 'the local stack, or one that Pulumi deployed from infra/', 'local')
      .option('--stack-file <path>', 'description of the running local stack (default: .local/stack.json)')
      .option('--json', 'print JSON')
      .helpOption('--help', 'show this help')
      .allowExcessArguments(false)
      .exitOverride();

  command('init', 'make the list of a stack that has none yet; never changes one').action(
    (options: StackOptions) => {
      requests.push({ action: 'init', options });
    },
  );
  command('list', 'every key: id, name, limit, dates, state').action((options: StackOptions) => {
    requests.push({ action: 'list', options });
  });
  command('create', 'make a key and print it, once')
    .argument('<name>', 'whose key it is: letters, digits, ".", "_" and "-"', nameOf)
    .option(
      '--limit <n>',
      `requests per minute that an instance answers, 1 to ${MAX_LIMIT}`,
      integer(1, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
    .option(
      '--expires <days>',
      `when it ends by itself, 1 to ${MAX_DAYS} days from now`,
      integer(1, MAX_DAYS),
    )
    .action((name: string, options: CreateOptions) => {
      requests.push({ action: 'create', name, options });
    });
  command('revoke', 'take a key, or all keys of a name, out of use')
    .argument('<id or name>', 'as `list` shows it')
    .action((key: string, options: StackOptions) => {
      requests.push({ action: 'revoke', key, options });
    });
  // The `--` that npm wants before a script's options is pnpm's to pass on.
  program.parse(args[0] === '--' ? args.slice(1) : args, { from: 'user' });
  const [request] = requests;
  return request ?? program.help({ error: true });
}

function nameOf(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError(
    `"${text}" must be 1 to 63 letters, digits, ".", "_" and "-", and start with a letter or digit`,
  );
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`"${text}" must be an integer from ${min} to ${max}`);
  };
}
