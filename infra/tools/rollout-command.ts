import { parseArgs } from 'node:util';
import { pulumiCli } from './pulumi-cli.ts';
import { type Rollout, rollout } from './rollout.ts';

const USAGE = `Usage: pnpm rollout start IMAGE -s STACK   a new revision, without requests, at the output canaryUrl
       pnpm rollout PERCENT -s STACK       the new revision takes so many percent of the requests
       pnpm rollout all -s STACK           it takes them all; the old one stays ready to take them back
       pnpm rollback [REVISION] -s STACK   every request goes to the old revision, or to the one named, at once
`;

process.exitCode = await main();

async function main(): Promise<number> {
  let request: { stack: string; step: Rollout } | undefined;
  try {
    request = readRequest(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
  }
  if (!request) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    await rollout(request.stack, request.step, pulumiCli);
    process.stdout.write(`Commit infra/Pulumi.${request.stack}.yaml: it says which revision serves.\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function readRequest(args: string[]): { stack: string; step: Rollout } | undefined {
  const { values, positionals } = parseArgs({
    args,
    options: { stack: { type: 'string', short: 's' } },
    allowPositionals: true,
  });
  const step = readStep(positionals);
  return step && values.stack ? { stack: values.stack, step } : undefined;
}

function readStep([verb = '', argument, ...rest]: string[]): Rollout | undefined {
  if (rest.length > 0) return undefined;
  if (verb === 'start') return argument ? { kind: 'start', image: argument } : undefined;
  if (verb === 'back') return { kind: 'back', revision: argument };
  if (argument !== undefined) return undefined;
  if (verb === 'all') return { kind: 'share', percent: 100 };
  const percent = Number(verb);
  const isPercent = /^\d{1,3}$/.test(verb) && percent >= 1 && percent <= 100;
  return isPercent ? { kind: 'share', percent } : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
