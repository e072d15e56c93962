import { join } from 'node:path';
import { Argument, type Command, UserError, verb } from '@records/cli';
import { INFRA, isObject, PROJECT, type Pulumi, pulumi, pulumiIn, stackOption } from '@records/stack';

/** The settings that are lists, and the project that declares them. */
const LISTS: Readonly<Record<string, string>> = {
  analysts: PROJECT,
  imageReaders: 'records-bootstrap',
  invokers: PROJECT,
  pageChannels: PROJECT,
  privacyOfficers: PROJECT,
  publishers: PROJECT,
  ticketChannels: PROJECT,
};

export function addAddMember(ops: Command): void {
  verb(ops, 'add-member', {
    summary: 'add to a list of a stack, such as invokers',
    description:
      'Adds a member to a list in the settings of a stack, after those that are there. Pulumi itself sets a list by index, which can overwrite one. Deploy afterwards.',
    example: 'pnpm ops add-member invokers user:you@example.com -s dev',
  })
    .addArgument(new Argument('<list>').choices(Object.keys(LISTS)))
    .argument('<member>', 'such as user:you@example.com')
    .addOption(stackOption())
    .action(async (list, member, { stack }) => {
      const isBootstrap = LISTS[list] !== PROJECT;
      const cli = isBootstrap ? pulumiIn(join(INFRA, 'bootstrap')) : pulumi;
      const length = await addMember(stack, list, member, cli);
      process.stdout.write(
        `${list} of stack ${stack} has ${length} ${length === 1 ? 'member' : 'members'}\n`,
      );
    });
}

/** Answers how many members the list has. Throws UserError. */
export async function addMember(stack: string, list: string, member: string, cli: Pulumi): Promise<number> {
  const config = (await cli.ask(['config', '--stack', stack])) as Record<string, { objectValue?: unknown }>;
  const value = isObject(config) ? (config[`${LISTS[list]}:${list}`]?.objectValue ?? []) : [];
  if (!Array.isArray(value)) {
    throw new UserError(`${list} of stack ${stack} is ${JSON.stringify(value)}, and must be a list`, {
      hint: `correct it in the settings file of the stack: Pulumi.${stack}.yaml`,
    });
  }
  if (value.includes(member)) return value.length;
  await cli.run(['config', 'set', '--stack', stack, '--path', `${list}[${value.length}]`, member]);
  return value.length + 1;
}
