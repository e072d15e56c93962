import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { runHere } from '@records/cli/testing';
import { PLATFORM, planOf } from '@records/infra/plans';
import { gibFor, pricesIn } from '@records/infra/prices';
import { type Declared, declaredIn } from '../src/cost/declared.ts';
import { itemsOf, type Usage } from '../src/cost/month.ts';
import { DOCUMENT, documented, type PlanStack, reportOf, withTable } from '../src/cost/report.ts';
import { ops as program } from '../src/program.ts';
import { ops } from './support/ops.ts';

/** A plan each is made once, by the program itself. */
const plans = new Map<string, Promise<Declared>>();
const plan: PlanStack = (stack, config) => {
  const key = JSON.stringify([stack, config]);
  const made =
    plans.get(key) ??
    planOf(PLATFORM, stack, { ...PLATFORM.exampleSettings(stack), ...config }).then(
      ({ resources, outputs }) => declaredIn(resources, String(outputs.region)),
    );
  plans.set(key, made);
  return made;
};

/** What a budget in USD buys in the region of the stacks. */
const listGibFor = (usd: number) => gibFor(usd, pricesIn('southamerica-west1').query.usd);

/** Continuous writing, and a reader each minute. */
const USED: Usage = { gib: 1, writesPerSecond: 1, readsPerMinute: 1, lookupsPerMinute: 0 };

async function month(
  stack: string,
  usage: Partial<Usage> = {},
  other: Partial<Declared> = {},
  config: Record<string, string> = {},
) {
  const items = itemsOf({ ...(await plan(stack, config)), ...other }, { ...USED, ...usage });
  return Object.fromEntries(items.map(({ name, usd, note }) => [name, { usd, note }]));
}

describe('what a month costs', () => {
  beforeAll(() => plan('prod', {}), 60_000);

  it.each([
    ['us-central1', '263.67'],
    ['southamerica-west1', '377.05'],
  ])(
    'a scan per window in %s would be %s USD at 1 GiB',
    async (region, usd) => {
      const { lists } = await month('prod', {}, { prices: pricesIn(region) });
      expect(lists?.note).toContain(`where a scan per window would be ${usd}`);
    },
    60_000,
  );

  it.each([1, 100, 1_000])(
    'lists of %d GiB stay within the budget of the stack',
    async (gib) => {
      const small = await month('prod', { gib });
      expect(small.lists?.usd).toBeLessThanOrEqual(30);
      const large = await month('prod', { gib }, { listGib: listGibFor(300) });
      expect(large.lists?.usd).toBeLessThanOrEqual(300);
      expect(large.lists?.usd).toBeGreaterThan(Number(small.lists?.usd));
    },
    60_000,
  );

  it('lists of a budget that is never reached cost a scan per window at most', async () => {
    const { lists } = await month('prod', {}, { listGib: listGibFor(1_000_000) });
    expect(lists?.usd).toBeLessThanOrEqual(377.05 * 1.2);
    expect(lists?.note).toContain('one each 1 min');
  });

  it('without a reader no list is made, and look-ups stay within their budget', async () => {
    const quiet = await month('prod', { readsPerMinute: 0, lookupsPerMinute: 10_000 });
    expect(quiet.lists?.usd).toBe(0);
    expect(quiet['look-ups of what lists lack']?.usd).toBeGreaterThan(19);
    expect(quiet['look-ups of what lists lack']?.usd).toBeLessThanOrEqual(20);
  });

  it('only storage and lists grow with the table, so the prober does not', async () => {
    const [small, large] = [await month('prod', { gib: 1 }), await month('prod', { gib: 1_000 })];
    const grown = Object.keys(small).filter((name) => small[name]?.usd !== large[name]?.usd);
    expect(grown).toEqual(['lists', 'storage']);
    expect(small.prober?.note).toBe('8,640 runs, billed for a minute each; no query is billed');
  });

  it('counts what a stack declares: warm instances, alert conditions, a load balancer', async () => {
    const [dev, prod] = [await month('dev'), await month('prod')];
    expect([Object.keys(dev).includes('alerts'), dev.API?.note]).toEqual([
      false,
      expect.stringMatching(/^0 warm instances, /),
    ]);
    expect(prod.alerts?.note).toMatch(/^\d\d conditions$/);
    const balanced = await month('prod', {}, {}, { access: 'load-balancer', domain: 'records.example.com' });
    expect(balanced['load balancer']).toEqual({ usd: 25, note: "2 forwarding rules, Cloud Armor's 2 rules" });
    expect(readFileSync(DOCUMENT, 'utf8')).toContain('A load balancer adds 25.00.');
  });
});

it('docs/deploying.md has the table that the command computes, and the scan per window', async () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  expect(text).toBe(withTable(text, await documented(plan)));
  expect(text).toContain('a scan per window would cost 377 at 1 GiB');
});

describe('pnpm ops cost', () => {
  it('prints a column for each size, the total, and what the figures count', async () => {
    const { exitCode, stdout } = await ops(
      ...[
        'cost',
        '-s',
        'prod',
        '--gib',
        '1',
        '100',
        '1000',
        '--writes-per-second',
        '1',
        '--reads-per-minute',
        '1',
      ],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +1 GiB +100 GiB +1,000 GiB$/m);
    expect(stdout).toMatch(/^total +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d$/m);
    expect(stdout).toContain('a scan per window would be 377,050.78');
  });

  it('says when a region has no prices, and takes the dearest', async () => {
    const region = 'asia-south1';
    const { text } = reportOf(
      'dev',
      { ...(await plan('dev', {})), region, prices: pricesIn(region) },
      USED,
      [1],
    );
    expect(text).toContain('infra/src/prices.ts has no prices of asia-south1: the dearest known are taken');
  });

  it.each([
    [['-s', 'dev', '--gib', 'big'], '"big" must be a number from 0, such as 0.5'],
    [['-s', 'dev', '--reads-per-minute', '-1'], '"-1" must be a number from 0, such as 0.5'],
    [[], 'name a stack with -s, or renew the table with --write'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await runHere(program, ['cost', ...args]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
