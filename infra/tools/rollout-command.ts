import { parseArgs } from 'node:util';
import { recall } from './last-deployment.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { type Rollout, rollout } from './rollout.ts';

const USAGE = `Usage: pnpm rollout start IMAGE -s STACK   a new revision, without requests, at the output canaryUrl
       pnpm rollout PERCENT -s STACK       the new revision takes so many percent of the requests
       pnpm rollout all -s STACK           it takes them all; the old one stays ready to take them back
       pnpm rollback [REVISION] -s STACK   every request goes to the old revision, or to the one named, at once

Options:
  -s, --stack STACK   dev, staging, prod, …
  --recall            first set what the last deployment ran with, which a fresh checkout does not know
  --help              print this
`;

process.exitCode = await main();

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  let request: Request | undefined;
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
    if (request.recall) await recall(request.stack, pulumiCli);
    await rollout(request.stack, request.step, pulumiCli);
    process.stdout.write(`Commit infra/Pulumi.${request.stack}.yaml: it says which revision serves.\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

interface Request {
  readonly stack: string;
  readonly step: Rollout;
  readonly recall: boolean;
}

function readRequest(args: string[]): Request | undefined {
  const { values, positionals } = parseArgs({
    args,
    options: { stack: { type: 'string', short: 's' }, recall: { type: 'boolean' } },
    allowPositionals: true,
  });
  const step = readStep(positionals);
  return step && values.stack ? { stack: values.stack, step, recall: values.recall ?? false } : undefined;
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
