import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlannedResource } from '@records/local-cloud';
import { planOf, REGION } from './support/plans.ts';
import { PolicyPackProcess } from './support/policy-pack.ts';

// The rules have their own tests. These show that Pulumi's runner can load the pack by require(), and that the pack reports
// what the rules find.

let pack: PolicyPackProcess;
let resources: readonly PlannedResource[];

beforeAll(async () => {
  pack = await PolicyPackProcess.start('prod', {
    'gcp:region': REGION,
    'records-platform:access': 'public',
  });
  resources = (await planOf('prod')).resources.filter(({ type }) => type.startsWith('gcp:'));
}, 120_000);

afterAll(() => pack?.stop());

function changed(name: string, type: string, inputs: Record<string, unknown>): PlannedResource[] {
  return resources.map((resource) =>
    resource.name === name && resource.type === type
      ? { ...resource, inputs: { ...resource.inputs, ...inputs } }
      : resource,
  );
}

describe('the policy pack', () => {
  it('accepts production as it is', async () => {
    const said = await Promise.all(resources.map((resource) => pack.analyze(resource)));
    expect(said.flat()).toEqual([]);
    expect(await pack.analyzeStack(resources)).toEqual([]);
  });

  it('stops a resource that breaks a rule, before it is created', async () => {
    const grant = changed('records-api-job-user', 'gcp:projects/iAMMember:IAMMember', {
      role: 'roles/editor',
    }).find(({ name }) => name === 'records-api-job-user');
    expect(grant && (await pack.analyze(grant))).toEqual([
      expect.stringMatching(/^no-basic-roles: .*records-api-job-user grants the basic role roles\/editor/s),
    ]);
  });

  it('stops a stack that breaks a rule as a whole', async () => {
    const withoutSink = resources.filter(
      ({ type, name }) =>
        !(type === 'gcp:pubsub/subscription:Subscription' && name === 'records-dead-letters'),
    );
    expect(await pack.analyzeStack(withoutSink)).toEqual([
      expect.stringMatching(/^dead-letters-are-kept: .*records-to-bigquery sends dead letters to/s),
    ]);
  });

  it('applies the rules of the stack in question', async () => {
    const table = changed('records', 'gcp:bigquery/table:Table', { deletionProtection: false }).find(
      ({ type }) => type === 'gcp:bigquery/table:Table',
    );
    expect(table && (await pack.analyze(table))).toEqual([
      expect.stringContaining('production-data-is-protected'),
    ]);
  });
});
