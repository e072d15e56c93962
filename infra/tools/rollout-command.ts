import { recall } from './last-deployment.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { isUnderWay, type Rollout, readCurrent, rollout } from './rollout.ts';
import { stackCommand, UsageError } from './stack-command.ts';

const USAGE = `Usage: pnpm rollout start IMAGE -s STACK   a new revision, without requests, at the output canaryUrl
       pnpm rollout PERCENT -s STACK       the new revision takes so many percent of the requests
       pnpm rollout all -s STACK           it takes them all; the old one stays ready to take them back
       pnpm rollback [REVISION] -s STACK   every request goes to the old revision, or to the one named, at once

Options:
  -s, --stack STACK   dev, staging, prod, …
  --under-way         take back only a rollout that is not finished; else do nothing
  --unlock            first take away the lock of a deployment that was cut off; never while one is running
  --help              print this

Each begins with what the last deployment ran with, which Pulumi's state knows and a working copy may not.
`;

process.exitCode = await stackCommand(
  USAGE,
  { unlock: { type: 'boolean' }, 'under-way': { type: 'boolean' } },
  async ({ stack, positionals, flag }) => {
    const step = readStep(positionals);
    if (flag('unlock')) await pulumiCli.run(['cancel', '--stack', stack, '--yes']);
    await recall(stack, pulumiCli);
    if (flag('under-way') && !isUnderWay(await readCurrent(stack, pulumiCli))) {
      process.stdout.write(`no rollout is under way in stack ${stack}\n`);
      return 0;
    }
    await rollout(stack, step, pulumiCli);
    return 0;
  },
);

function readStep([verb = '', argument, ...rest]: readonly string[]): Rollout {
  if (rest.length > 0) throw new UsageError(`Too many words: ${rest.join(' ')}`);
  if (verb === 'back') return { kind: 'back', revision: argument };
  if (verb === 'start') {
    if (argument === undefined) throw new UsageError('Which image? Name one, by its digest.');
    return { kind: 'start', image: argument };
  }
  if (argument !== undefined) throw new UsageError(`Too many words: ${argument}`);
  if (verb === 'all') return { kind: 'share', percent: 100 };
  const percent = Number(verb);
  const isPercent = /^\d{1,3}$/.test(verb) && percent >= 1 && percent <= 100;
  if (!isPercent) throw new UsageError(`"${verb}" must be start, all, or percent from 1 to 100`);
  return { kind: 'share', percent };
}
