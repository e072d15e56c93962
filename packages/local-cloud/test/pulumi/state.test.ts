import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deletionOrder } from '../../src/pulumi/deletion.ts';
import { type ResourceState, StackState } from '../../src/pulumi/state.ts';

function resource(name: string, overrides: Partial<ResourceState> = {}): ResourceState {
  return {
    urn: `urn:pulumi:test::shop::gcp:pubsub/topic:Topic::${name}`,
    type: 'gcp:pubsub/topic:Topic',
    custom: true,
    id: name,
    inputs: { name },
    outputs: { id: name },
    secrets: [],
    dependencies: [],
    protect: false,
    retainOnDelete: false,
    context: { project: 'shop' },
    ...overrides,
  };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the state of a stack', () => {
  it('is on disk after every change, so a killed run orphans nothing', () => {
    const state = new StackState(folder, 'shop', 'test');
    const [a, b] = [resource('a'), resource('b')];
    state.set(a);
    expect(new StackState(folder, 'shop', 'test').resources()).toEqual([a]);
    state.set(b);
    state.remove(a.urn);
    expect(new StackState(folder, 'shop', 'test').resources()).toEqual([b]);
    state.setAside(b);
    const later = new StackState(folder, 'shop', 'test');
    expect([later.resources(), later.replaced()]).toEqual([[], [b]]);
    for (const replaced of later.replaced()) later.removeReplaced(replaced);
    expect(new StackState(folder, 'shop', 'test').replaced()).toEqual([]);
  });

  it('is not written again by a start that changes nothing', async () => {
    const file = join(folder, 'shop', 'test.json');
    const unchanged = resource('a', { parent: undefined, outputs: { id: 'a', uri: undefined } });
    new StackState(folder, 'shop', 'test').set(unchanged);
    const { ino } = await stat(file);
    new StackState(folder, 'shop', 'test').set(unchanged);
    expect((await stat(file)).ino).toBe(ino);
  });

  it('keeps the outputs of the last deployment', () => {
    const state = new StackState(folder, 'shop', 'test');
    expect(state.outputs).toEqual({ values: {}, secrets: [] });
    state.setOutputs({ values: { image: 'i', password: 'p' }, secrets: ['password'] });
    state.set(resource('a'));
    expect(new StackState(folder, 'shop', 'test').outputs).toEqual(state.outputs);
  });

  it('is one file for each project and stack', async () => {
    new StackState(folder, 'shop', 'test').set(resource('a'));
    new StackState(folder, 'shop', 'other').set(resource('b'));
    expect(new StackState(folder, 'shop', 'test').resources()).toHaveLength(1);
    expect(JSON.parse(await readFile(join(folder, 'shop', 'other.json'), 'utf8'))).toMatchObject({
      version: 1,
    });
  });

  it.each(['', '{', '{"version":2,"resources":[],"replaced":[]}', '[]'])(
    'that cannot be read (%j) is refused with a hint, not taken for an empty one',
    async (content) => {
      await mkdir(join(folder, 'shop'));
      await writeFile(join(folder, 'shop', 'test.json'), content);
      expect(() => new StackState(folder, 'shop', 'test')).toThrow(
        /shop.test\.json is not a state that this version of the local cloud reads\. Use the version that wrote it, or start with --fresh, which empties the local cloud\.$/,
      );
    },
  );
});

describe('deletionOrder', () => {
  it('has dependants before their dependencies, and children before their parents', () => {
    const base = resource('base');
    const user = resource('user', { dependencies: [base.urn] });
    const parent = resource('parent', { custom: false, dependencies: [user.urn] });
    const child = resource('child', { parent: parent.urn });
    const order = deletionOrder([child, base, parent, user]).map(({ id }) => id);
    expect(order).toEqual(['child', 'parent', 'user', 'base']);
  });
});
