import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, table, verb } from '@records/cli';
import { lastPart, REPOSITORY, stackOption } from '@records/stack';
import { type Declared, declaredIn } from './declared.ts';
import { dollars, type Item, itemsOf, type Usage } from './month.ts';

/** Where the table of the documents is. */
export const DOCUMENT = join(REPOSITORY, 'docs', 'deploying.md');
/** The use of the table: continuous writing, a reader each minute. */
const EXAMPLE = { writesPerSecond: 1, readsPerMinute: 1, lookupsPerMinute: 0 };
const EXAMPLE_SIZES = [1, 100, 1_000];
const UNCONFIRMED = "* rests on a price that no copy of Google's page confirms";

/** Runs the program of a stack on this machine. */
export type PlanStack = (stack: string, config: Readonly<Record<string, string>>) => Promise<Declared>;

export function addCost(ops: Command, plan: PlanStack = declared): void {
  const cost = verb(ops, 'cost', {
    summary: 'compute what a stack costs in a month',
    description: `Computes what a month of a stack costs, item by item: from what its program declares, list prices (infra/src/prices.ts) and how it is used. Asks nothing of Google Cloud.`,
    example: 'pnpm ops cost -s prod --gib 100 --reads-per-minute 60',
    more: 'Allowances that Google gives each billing account for free are not subtracted.',
  });
  cost
    .addOption(stackOption().makeOptionMandatory(false))
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
        if (write) {
          writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), await documented(plan)));
          return;
        }
        if (stack === undefined)
          return cost.error('error: name a stack with -s, or renew the table with --write');
        const found = await plan(lastPart(stack), region === undefined ? {} : { 'gcp:region': region });
        const usage = { writesPerSecond, readsPerMinute, lookupsPerMinute };
        const columns = gib.map((size) => ({ gib: size, items: itemsOf(found, { gib: size, ...usage }) }));
        if (json)
          return console.log(JSON.stringify({ stack, region: found.region, ...usage, columns }, null, 2));
        console.log(textOf(lastPart(stack), found, usage, columns));
      },
    );
}

interface Column {
  readonly gib: number;
  readonly items: readonly Item[];
}

function textOf(
  stack: string,
  found: Declared,
  usage: Omit<Usage, 'gib'>,
  columns: readonly Column[],
): string {
  const { writesPerSecond, readsPerMinute, lookupsPerMinute } = usage;
  const [first] = columns;
  const names = first?.items.map(({ name }) => name) ?? [];
  const rows = names.map((name, row) => [name, ...columns.map(({ items }) => cellOf(items[row]))]);
  const notes = names.flatMap((name, row) => {
    const all = columns.map(({ items }) => items[row]?.note ?? '');
    if (new Set(all).size === 1) return [`${name}: ${all[0]}`];
    return columns.map(({ gib }, column) => `${name}, ${size(gib)}: ${all[column]}`);
  });
  return [
    `${stack} in ${found.region}, USD a month: ${writesPerSecond} writes/s, ${readsPerMinute} lists/min, ${lookupsPerMinute} look-ups/min`,
    ...(found.prices.isKnown
      ? []
      : [`infra/src/prices.ts has no prices of ${found.region}: the dearest known are taken`]),
    '',
    table([
      ['', ...columns.map(({ gib }) => size(gib))],
      ...rows,
      ['total', ...columns.map(({ items }) => dollars(totalOf(items)))],
    ]),
    '',
    ...notes,
    '',
    UNCONFIRMED,
  ].join('\n');
}

/** The table of the documents: idle stacks, and `prod` at three sizes. */
export async function documented(plan: PlanStack): Promise<string> {
  const idle = { gib: 1, writesPerSecond: 0, readsPerMinute: 0, lookupsPerMinute: 0 };
  const [dev, prod] = await Promise.all([plan('dev', {}), plan('prod', {})]);
  const columns = [
    { head: '`dev`, idle', items: itemsOf(dev, idle) },
    { head: '`prod`, idle', items: itemsOf(prod, idle) },
    ...EXAMPLE_SIZES.map((gib) => ({ head: size(gib), items: itemsOf(prod, { gib, ...EXAMPLE }) })),
  ];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = itemsOf(prod, idle).map(({ name }) => name);
  const rows = names
    .map((name) => [name, ...columns.map(({ items }) => cellOf(items.find((item) => item.name === name)))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== dollars(0)));
  return [
    row(['', ...columns.map(({ head }) => head)]),
    row(['---', ...columns.map(() => '---:')]),
    ...rows.map(row),
    row(['total', ...columns.map(({ items }) => dollars(totalOf(items)))]),
  ].join('\n');
}

/** The document with its table renewed. Throws RangeError without the markers of the table. */
export function withTable(document: string, rows: string): string {
  const place = /(<!-- costs -->\n)[\s\S]*?(<!-- end -->)/;
  if (!place.test(document)) throw new RangeError('the document has no <!-- costs --> … <!-- end -->');
  return document.replace(place, (_, start: string, end: string) => `${start}\n${rows}\n\n${end}`);
}

function cellOf(item: Item | undefined): string {
  if (item === undefined) return '';
  return `${dollars(item.usd)}${item.isConfirmed || item.usd === 0 ? '' : '*'}`;
}

function totalOf(items: readonly Item[]): number {
  return items.reduce((sum, { usd }) => sum + usd, 0);
}

function size(gib: number): string {
  return `${gib.toLocaleString('en-US')} GiB`;
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`"${text}" must be a number from 0, such as 0.5`);
}

async function declared(stack: string, config: Readonly<Record<string, string>>): Promise<Declared> {
  // The local cloud takes a second to load.
  const { missingSettings, planOf, PLATFORM } = await import('@records/infra/plans');
  const { resources, outputs } = await planOf(PLATFORM, stack, {
    ...missingSettings(PLATFORM, stack),
    ...config,
  });
  return declaredIn(resources, String(outputs.region));
}
