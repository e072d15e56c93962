import { apply } from './apply.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { stackCommand, UsageError } from './stack-command.ts';

const USAGE = `Usage: pnpm apply -s STACK [--refresh]

Deploys what changed in infra/ and in the settings of a stack, under the policies, after a preview and a question. The image
and who gets the requests stay as the last deployment decided; pnpm promote, pnpm canary and pnpm rollout change those.

Options:
  -s, --stack STACK   dev, staging, prod, …
  --refresh           first look at what is there, so that what somebody changed by hand is put back
  --help              print this
`;

process.exitCode = await stackCommand(
  USAGE,
  { refresh: { type: 'boolean' } },
  async ({ stack, positionals, flag }) => {
    if (positionals.length > 0) throw new UsageError(`Too many words: ${positionals.join(' ')}`);
    const leftOut = await apply(stack, pulumiCli, flag('refresh') ? ['--refresh'] : []);
    if (leftOut !== undefined) process.stderr.write(`${leftOut}\n`);
    return 0;
  },
);
