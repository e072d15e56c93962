import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { variablesFor } from '@records/infra/deployment';
import { INFRA, LOCAL_IMAGE } from '@records/stack';
import { LocalStack } from '../src/local-stack.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await LocalStack.create();
});
afterAll(() => stack?.close());

/** One `pulumi up` of the local stack. Answers its outputs and its changes. */
async function up(environment: Record<string, string> = {}) {
  const { outputs, steps } = await stack.cloud.deploy({ projectDir: INFRA, stack: 'local', environment });
  const changed = steps.filter(({ operation }) => operation !== 'same');
  return { outputs, changed: changed.map(({ operation, name }) => `${operation} ${name}`) };
}

describe('the local stack', () => {
  it('keeps its image and its traffic in a deployment that is told nothing, also during a rollout', async () => {
    const first = await up();
    expect(first).toMatchObject({ changed: [], outputs: { image: LOCAL_IMAGE } });

    const stableRevision = String(first.outputs.revision);
    const rollout = { stableRevision, canaryPercent: 10 };
    const started = await up(variablesFor(undefined, rollout));
    expect(started).toMatchObject({ changed: ['update records-api'], outputs: rollout });
    expect(await up()).toMatchObject({ changed: [], outputs: { image: LOCAL_IMAGE, ...rollout } });

    const back = { stableRevision, canaryPercent: 0 };
    expect((await up(variablesFor(undefined, back))).changed).toEqual(['update records-api']);
    expect(await up()).toMatchObject({ changed: [], outputs: back });
  }, 240_000);
});
