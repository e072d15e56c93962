import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '@records/cli';
import { REPOSITORY } from '@records/stack';
import type { Declared } from './declared.ts';
import { dollars, type Item, itemsOf, type Usage } from './month.ts';

/** Where the table of the documents is. */
export const DOCUMENT = join(REPOSITORY, 'docs', 'deploying.md');
/** The use of the table: continuous writing, a reader each minute. */
const EXAMPLE = { writesPerSecond: 1, readsPerMinute: 1, lookupsPerMinute: 0 };
const EXAMPLE_SIZES = [1, 100, 1_000];
const UNCONFIRMED = "* rests on a price that no copy of Google's page confirms";

/** Runs the program of a stack on this machine. */
export type PlanStack = (stack: string, config: Readonly<Record<string, string>>) => Promise<Declared>;

interface Column {
  readonly gib: number;
  readonly items: readonly Item[];
}

/** A month of a stack in columns, one for each size of the table in GiB. */
export function reportOf(
  stack: string,
  found: Declared,
  usage: Omit<Usage, 'gib'>,
  sizes: readonly number[],
): { readonly text: string; readonly columns: readonly Column[] } {
  const columns = sizes.map((gib) => ({ gib, items: itemsOf(found, { gib, ...usage }) }));
  return { text: textOf(stack, found, usage, columns), columns };
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

/** Renews the table in the documents. */
export async function writeDocument(plan: PlanStack): Promise<void> {
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), await documented(plan)));
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
