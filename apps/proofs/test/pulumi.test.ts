import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { differencesOf } from '../src/pulumi/compare.ts';
import { Google } from '../src/pulumi/google.ts';
import { REPOSITORY } from '../src/shared/paths.ts';

const NO_HOOKS = { beforeCreate: [], afterCreate: [], beforeUpdate: [], afterUpdate: [], onError: [] };
const TYPE = 'gcp:pubsub/topic:Topic';
const urnOf = (name: string, type = TYPE) =>
  `urn:pulumi:prod::records::records:index:Ingestion$${type}::${name}`;

/** A plan of topics, by name, with their inputs. */
function planOf(topics: Record<string, Record<string, unknown>>): Plan {
  const resources = Object.entries(topics).map(([name, inputs]) => ({
    ...{ urn: urnOf(name), type: TYPE, name, parent: undefined, inputs },
    ...{ dependencies: [], hooks: NO_HOOKS, notEmulated: {} },
  }));
  return { resources, outputs: {} };
}

const previewed = (name: string, inputs?: Record<string, unknown>, type = TYPE) => ({
  urn: urnOf(name, type),
  type,
  ...(inputs && { inputs }),
});

describe('a plan and a preview', () => {
  it('agree beside defaults of the provider, outputs of Google, providers and the form of a JSON text', () => {
    const plan = planOf({
      a: { name: 'a', schema: '{"x":1,"y":[2]}', topic: 'projects/p/topics/b' },
      none: {},
    });
    const inputs = {
      ...{ __defaults: ['retention'], retention: '600s', name: 'a' },
      ...{ schema: '{ "y": [2], "x": 1 }', topic: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' },
    };
    const provider = previewed('default', { project: 'p' }, 'pulumi:providers:gcp');
    expect(differencesOf(plan, [previewed('a', inputs), previewed('none'), provider])).toEqual([]);
  });

  it('differ by each resource and each input that only one has, or has otherwise', () => {
    const plan = planOf({ a: { labels: { x: '1' }, list: [1], only: true }, planned: {} });
    expect(
      differencesOf(plan, [previewed('a', { labels: { x: '2' }, list: [1, 2] }), previewed('real', {})]),
    ).toEqual([
      `the plan lacks ${TYPE} "real"`,
      `${TYPE} "a": labels.x is "1" in the plan, and "2" in Pulumi`,
      `${TYPE} "a": list.1 is absent in the plan, and 2 in Pulumi`,
      `${TYPE} "a": only is true in the plan, and absent in Pulumi`,
      `Pulumi does not create ${TYPE} "planned"`,
    ]);
  });
});

describe('the server that stands in for Google', () => {
  it('answers without zero, false and empty values, and budgets with the number of their project', async () => {
    await using google = await Google.start();
    const call = async (setting: string, path: string, body?: object): Promise<unknown> => {
      const options = body && { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(`${google.settings[`gcp:${setting}CustomEndpoint`]}${path}`, options);
      return response.status === 200 ? await response.json() : response.status;
    };
    const tiles = [{ xPos: 0, width: 6, wide: false, widget: {}, labels: [], title: '' }];
    await call('monitoring', 'v1/projects/p/dashboards', { tiles });
    expect(await call('monitoring', 'v1/projects/p/dashboards/1000')).toEqual({
      ...{ name: 'projects/p/dashboards/1000', etag: 'a' },
      tiles: [{ width: 6, widget: {} }],
    });
    const budget = { budgetFilter: { projects: ['projects/p'] } };
    expect(await call('billingBudgets', 'billingAccounts/b/budgets', budget)).toMatchObject({
      budgetFilter: { projects: ['projects/123456789012'] },
    });
    expect(await call('pubsub', 'projects/p/topics/none')).toBe(404);
  });
});

it.each([
  [[], 0],
  [['--require'], 1],
])('pnpm prove pulumi %j without pulumi says so and exits with %i', (options, code) => {
  const cli = join(REPOSITORY, 'apps/proofs/src/cli.ts');
  const { status, stdout } = spawnSync(process.execPath, [cli, 'pulumi', ...options], {
    encoding: 'utf8',
    env: { ...process.env, PATH: dirname(process.execPath) },
  });
  expect(stdout).toContain('skipped: pulumi is not on PATH');
  expect(status).toBe(code);
});
