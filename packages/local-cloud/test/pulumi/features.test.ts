import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '../../src/cloud-event.ts';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { type Deployment, plan } from '../../src/pulumi/engine.ts';
import { openCloud, problemsOf, programDir, stepsOf } from './test-cloud.ts';

let cloud: LocalCloud;
const events: CloudEvent[] = [];
const deploy = (step: number) =>
  cloud.deploy({
    projectDir: programDir('features'),
    stack: 'test',
    config: { 'gcp:project': 'test-project', step: String(step), password: 'hunter2' },
  });

beforeAll(async () => {
  cloud = await openCloud({ onEvent: (event) => events.push(event) });
});
afterAll(() => cloud.close());

describe('a program that uses what Pulumi offers', () => {
  let first: Deployment;
  beforeAll(async () => {
    first = await deploy(1);
  });

  it('gets generated names, qualified URNs and outputs of other resources', () => {
    expect(first.outputs).toMatchObject({
      urn: 'urn:pulumi:test::features::features:index:Mailbox$gcp:pubsub/topic:Topic::mailbox-topic',
      mailboxTopic: expect.stringMatching(/^mailbox-topic-[0-9a-f]{7}$/),
      readerTopic: `projects/test-project/topics/${first.outputs.mailboxTopic}`,
      stackProject: '123456789012',
      providerRegion: 'us-east1',
      preview: false,
    });
  });

  it('keeps secrets out of steps and events', () => {
    expect(first.outputs.isSecret).toBe(true);
    expect(JSON.stringify([first.steps, events])).not.toContain('hunter2');
    const { labels } = { labels: {}, ...first.resources.find(({ id }) => id?.endsWith('secretive'))?.inputs };
    expect(labels).toEqual({ password: 'hunter2' });
  });

  it('reads the outputs of its own last deployment, secrets included', async () => {
    expect(first.outputs.seen).toBe('0 none');
    const again = await deploy(1);
    expect(again.outputs.seen).toBe('1 hunter2');
  });

  it('hears why an accepted resource is not emulated', () => {
    const step = first.steps.find(({ name }) => name === 'run');
    expect(step).toMatchObject({
      operation: 'create',
      notEmulated: { '': 'every emulated service is always enabled' },
    });
  });

  describe('and changes', () => {
    let second: Deployment;
    beforeAll(async () => {
      second = await deploy(2);
    });

    it('renames a resource by its alias and leaves ignored inputs unchanged', async () => {
      expect(stepsOf(second).filter((step) => !step.startsWith('same'))).toEqual(['update new-name']);
      expect(second.steps.find(({ name }) => name === 'new-name')?.changes).toMatchObject([
        { path: 'labels.step' },
      ]);
      expect(second.outputs.renamedLabels).toEqual({ owner: 'program', step: '2' });
      const topic = await cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/renamed' });
      expect(topic).toMatchObject({ labels: { owner: 'program', step: '2' } });
    });

    it('serializes a function, although what does so is loaded only then', () => {
      expect(second.outputs.serialized).toContain('() => step');
    });
  });
});

describe('a preview', () => {
  it('returns every resource of any stack with exactly the inputs that the program gives', async () => {
    const config = { 'gcp:project': 'far-away', password: 'hunter2' };
    const { resources, outputs } = await plan({ projectDir: programDir('features'), stack: 'prod', config });
    expect(resources.map(({ type, name }) => `${type} ${name}`)).toEqual([
      'features:index:Mailbox mailbox',
      'gcp:pubsub/topic:Topic mailbox-topic',
      'gcp:projects/service:Service run',
      'gcp:pubsub/subscription:Subscription reader',
      'gcp:pubsub/topic:Topic old-name',
      'gcp:pubsub/topic:Topic secretive',
      'pulumi:providers:gcp elsewhere',
      'pulumi:pulumi:Stack features-prod',
    ]);
    expect(resources.find(({ name }) => name === 'mailbox-topic')?.inputs).toEqual({
      labels: { step: 'first' },
    });
    expect(resources.find(({ name }) => name === 'reader')?.inputs).toEqual({
      topic: `projects/far-away/topics/${outputs.mailboxTopic}`,
    });
    expect(outputs.preview).toBe(true);
  });

  it('needs a project', async () => {
    const options = { projectDir: programDir('features'), stack: 'prod', config: { password: 'x' } };
    expect(await problemsOf(plan(options))).toEqual([
      'stack "prod" has no gcp:project. To set it, run "pulumi config set -s prod gcp:project PROJECT", or write it under config: in Pulumi.prod.yaml.',
    ]);
  });
});

describe('a program that fails', () => {
  const run = (way: string) =>
    problemsOf(
      cloud.deploy({
        projectDir: programDir('failing'),
        stack: 'test',
        config: { 'gcp:project': 'test-project', way },
      }),
    );

  it('with an exception fails the deployment with its message and position, and keeps what was created', async () => {
    const problems = await run('throws');
    const message = problems.join('\n');
    expect(message).toContain('Error: the program is wrong');
    expect(message).toContain('programs/failing/index.ts:17:');
    const topic = await cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/made-before' });
    expect(topic).toMatchObject({ name: 'projects/test-project/topics/made-before' });
  });

  it('with a RunError fails the deployment with its message alone', async () => {
    expect(await run('run error')).toEqual(['the configuration is wrong']);
  });

  it('by process.exit fails the deployment with its exit code', async () => {
    expect((await run('exit'))[0]).toBe('the program ended with exit code 7.');
  });

  it('in several ways at once gets every problem', async () => {
    const problems = (await run('everything')).sort();
    const beginnings = [
      'StackReference "organization/shop/prod": a program of the local cloud reads the outputs of its own stack only, which is "organization/failing/test". Pass what',
      'aws:s3/bucket:Bucket "bucket": the local cloud does not know this resource type. The README of',
      'gcp:pubsub/liteTopic:LiteTopic "lite": the local cloud does not know this resource type. Of its module it knows gcp:pubsub/',
      'gcp:pubsub/topic:Topic "asset", property "name": assets and archives are not emulated: pass the text itself',
      'gcp:pubsub/topic:Topic "b": projects/test-project/topics/same is also declared by gcp:pubsub/topic:Topic "a", and Google has only one.',
      'gcp:pubsub/topic:Topic "elsewhere", property "project": is "another-project", but this local cloud is project test-project.',
      'gcp:pubsub/topic:Topic "found" (id projects/p/topics/found): reading a resource that another program manages (Resource.get) is not emulated.',
      'gcp:pubsub/topic:Topic "imported": the option import is not emulated.',
      'gcp:pubsub/topic:Topic "twice": is declared twice: give one of them another name.',
      'the local cloud does not know the data source gcp:compute/getZones:getZones. It knows: gcp:organizations/getProject:',
    ];
    expect(problems.map((problem, index) => problem.slice(0, beginnings[index]?.length))).toEqual(beginnings);
  });
});

describe('a stack', () => {
  it('of another project cannot be deployed', async () => {
    const options = {
      projectDir: programDir('features'),
      stack: 'test',
      config: { 'gcp:project': 'other', password: 'x' },
    };
    expect(await problemsOf(cloud.deploy(options))).toEqual([
      'stack "test" is for project other (gcp:project), and this local cloud is project test-project. Use a stack of its own for the local cloud.',
    ]);
  });

  it('needs a valid name', async () => {
    expect(await problemsOf(cloud.deploy({ projectDir: programDir('features'), stack: '../x' }))).toEqual([
      `"../x" is not a stack name: one has 1 to 100 letters, digits, dashes, underscores and dots.`,
    ]);
  });
});
