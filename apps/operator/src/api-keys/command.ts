import { type Command, InvalidArgumentError, integer, verb } from '@records/cli';
import { stackFileOption, targetOption } from '@records/stack';

const MAX_LIMIT = 1_000_000;
const DEFAULT_LIMIT = 6_000;
const MAX_DAYS = 3_650;

export function addApiKeys(ops: Command): void {
  const apiKeys = verb(ops, 'api-keys', {
    summary: 'make, list and revoke API keys',
    description: 'Keeps the API keys of a stack: a consumer with a key has a rate limit of its own.',
    example: 'pnpm ops api-keys list -s prod',
    more: `A key is printed once and stored nowhere: the list holds only its SHA-256, name, limit and dates.
A new key works, and a revoked one stops working, within ten seconds at every instance.`,
  });
  const add = (name: string, summary: string, options: string) =>
    verb(apiKeys, name, { summary, example: `pnpm ops api-keys ${name} ${options}` })
      .addOption(targetOption())
      .addOption(stackFileOption())
      .option('--json', 'print JSON');

  add('init', 'make the list of a stack that has none; never changes one', '-s prod').action(
    async (options) => {
      const { init, withStore } = await load();
      await withStore(options, init);
    },
  );
  add('list', 'every key: id, name, limit, dates, state', '-s prod').action(async (options) => {
    const { list, withStore } = await load();
    await withStore(options, list);
  });
  add('create', 'make a key and print it, once', 'crm --limit 6000 --expires 365')
    .argument('<name>', 'of the consumer: letters, digits, ".", "_" and "-"', consumerName)
    .option(
      '--limit <n>',
      `requests per minute and instance, 1 to ${MAX_LIMIT}`,
      integer(1, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
    .option('--expires <days>', `days until the key expires, 1 to ${MAX_DAYS}`, integer(1, MAX_DAYS))
    .action(async (name, options) => {
      const { create, withStore } = await load();
      await withStore({ ...options, name }, create);
    });
  add('revoke', 'take a key, or all keys of a name, out of use', '1f3c9a0b7d21 -s prod')
    .argument('<id or name>', 'as `list` shows it')
    .action(async (key, options) => {
      const { revoke, withStore } = await load();
      await withStore({ ...options, key }, revoke);
    });
}

const load = () => import('./run.ts');

function consumerName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError(
    `"${text}" must be 1 to 63 letters, digits, ".", "_" and "-", and start with a letter or digit`,
  );
}
