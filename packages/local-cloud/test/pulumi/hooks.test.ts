import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '../../src/cloud-event.ts';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { plan } from '../../src/pulumi/engine.ts';
import { openCloud, PROJECT, problemsOf, programDir, stepsOf } from './test-cloud.ts';

const TAKEN = `projects/${PROJECT}/topics/taken`;
const ALREADY_EXISTS = /^create failed \d+ times: Resource already exists/;

let cloud: LocalCloud;
let lines: string[];
/** Called with each line that the program logs. */
let onLine: (line: string) => void;

const onEvent = (event: CloudEvent) => {
  if (event.type !== 'log' || event.source !== 'pulumi') return;
  lines.push(event.message);
  onLine(event.message);
};
const options = (config: Record<string, string> = {}) => ({
  projectDir: programDir('hooks'),
  stack: 'test',
  config: { 'gcp:project': PROJECT, ...config },
});
const deploy = (config?: Record<string, string>) => cloud.deploy(options(config));

beforeEach(async () => {
  lines = [];
  onLine = () => undefined;
  cloud = await openCloud({ onEvent });
});
afterEach(() => cloud.close());

describe('the hooks of a resource', () => {
  it('are called around its creation and its update, with what they may hear, and not when nothing changes', async () => {
    const id = `projects/${PROJECT}/topics/labelled`;
    await deploy();
    expect(lines.sort()).toEqual([
      `afterCreate labelled:  1  ${id}`,
      'afterCreate metric',
      'beforeCreate labelled:  1  ',
    ]);
    lines = [];
    await deploy();
    expect(lines).toEqual([]);
    await deploy({ step: '2' });
    expect(lines).toEqual([`beforeUpdate labelled: ${id} 2 1 `, `afterUpdate labelled: ${id} 2 1 ${id}`]);
  });

  it('are called by a plan only when they ask for it', async () => {
    await plan({ ...options(), onEvent });
    expect(lines).toEqual(['beforeCreate labelled:  1  ']);
  });

  it('keep the resource from being made when they fail', async () => {
    expect(await problemsOf(deploy({ refuses: 'firmly' }))).toEqual([
      'gcp:pubsub/topic:Topic "refused": the beforeCreate hook "refuses" failed: it is Sunday',
    ]);
    expect((await cloud.pubsub.listTopics({ project: `projects/${PROJECT}` })).topics).not.toContainEqual(
      expect.objectContaining({ name: `projects/${PROJECT}/topics/refused` }),
    );
  });

  it('are a warning when they fail and their errors are to be ignored', async () => {
    expect(stepsOf(await deploy({ refuses: 'gently' }))).toContain('create refused');
    expect(lines).toContain('the beforeCreate hook "refuses" failed: it is Sunday');
  });

  it('are refused for a deletion, because the program has ended by then', async () => {
    expect(await problemsOf(deploy({ deletes: 'true' }))).toEqual([
      'gcp:pubsub/topic:Topic "deleted": the option a hook of a deletion is not emulated. Leave it out of the stack that runs on the local cloud.',
    ]);
  });
});

describe('an error hook', () => {
  beforeEach(() => cloud.pubsub.createTopic({ name: TAKEN }));

  it('has a failed operation repeated until it succeeds', async () => {
    onLine = (line) => {
      if (ALREADY_EXISTS.test(line)) void cloud.pubsub.deleteTopic({ topic: TAKEN }).catch(() => undefined);
    };
    expect(stepsOf(await deploy({ attempts: '50' }))).toContain('create taken');
    expect(lines.filter((line) => ALREADY_EXISTS.test(line)).length).toBeGreaterThan(0);
  });

  it('lets the operation fail with its own error when it asks for no other attempt', async () => {
    const problems = await problemsOf(deploy({ attempts: '2' }));
    expect(problems).toEqual([expect.stringContaining('Topic "taken": Resource already exists')]);
    expect(lines.filter((line) => ALREADY_EXISTS.test(line)).map((line) => line.split(':')[0])).toEqual([
      'create failed 1 times',
      'create failed 2 times',
      'create failed 3 times',
    ]);
  });
});
