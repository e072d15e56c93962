import { type Command, InvalidArgumentError, verb } from '@records/cli';
import { lastPart, settingsOption } from '@records/stack';
import type { Declared } from './declared.ts';
import type { PlanStack } from './report.ts';

export function addCost(ops: Command, plan: PlanStack = declared): void {
  const cost = verb(ops, 'cost', {
    summary: 'compute what a stack costs in a month',
    description: `Computes what a month of a stack costs, item by item: from what its program declares, list prices (infra/src/prices.ts) and how it is used. Asks nothing of Google Cloud.`,
    example: 'pnpm ops cost -s prod --gib 100 --reads-per-minute 60',
    more: 'Allowances that Google gives each billing account for free are not subtracted.',
  });
  cost
    .addOption(settingsOption())
    .option(
      '--gib <sizes...>',
      'size of the table; several sizes give a column each (default: 1)',
      (text, all: number[] = []) => [...all, amount(text)],
    )
    .option('--writes-per-second <number>', 'records published (default: 0)', amount)
    .option('--reads-per-minute <number>', 'requests for lists (default: 0)', amount)
    .option('--lookups-per-minute <number>', 'requests for records that the list lacks (default: 0)', amount)
    .option('--region <name>', "another region than the stack's")
    .option('--json', 'print JSON')
    .option('--write', 'renew the table in docs/deploying.md, which a test compares')
    .action(
      async ({
        stack,
        gib = [1],
        writesPerSecond = 0,
        readsPerMinute = 0,
        lookupsPerMinute = 0,
        region,
        json,
        write,
      }) => {
        // The API's own rule for the bill of lists takes a quarter of a second to load.
        const { reportOf, writeDocument } = await import('./report.ts');
        if (write) return writeDocument(plan);
        if (stack === undefined)
          return cost.error('error: name a stack with -s, or renew the table with --write');
        const name = lastPart(stack);
        const found = await plan(name, region === undefined ? {} : { 'gcp:region': region });
        const usage = { writesPerSecond, readsPerMinute, lookupsPerMinute };
        const { text, columns } = reportOf(name, found, usage, gib);
        if (!json) return console.log(text);
        console.log(JSON.stringify({ stack, region: found.region, ...usage, columns }, null, 2));
      },
    );
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`"${text}" must be a number from 0, such as 0.5`);
}

async function declared(stack: string, config: Readonly<Record<string, string>>): Promise<Declared> {
  // The local cloud takes a second to load.
  const { missingSettings, planOf, PLATFORM } = await import('@records/infra/plans');
  const { declaredIn } = await import('./declared.ts');
  const { resources, outputs } = await planOf(PLATFORM, stack, {
    ...missingSettings(PLATFORM, stack),
    ...config,
  });
  return declaredIn(resources, String(outputs.region));
}
