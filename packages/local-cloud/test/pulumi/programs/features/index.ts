import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();
const step = config.requireNumber('step');
const password = config.requireSecret('password');

class Mailbox extends pulumi.ComponentResource {
  readonly topic: gcp.pubsub.Topic;

  constructor(name: string, options?: pulumi.ComponentResourceOptions) {
    super('features:index:Mailbox', name, {}, options);
    this.topic = new gcp.pubsub.Topic(`${name}-topic`, { labels: { step: 'first' } }, { parent: this });
    this.registerOutputs({ topic: this.topic.id });
  }
}

const mailbox = new Mailbox('mailbox');

// A component as a dependency stands for its children.
const reader = new gcp.pubsub.Subscription(
  'reader',
  { topic: pulumi.interpolate`projects/${gcp.config.project}/topics/${mailbox.topic.name}` },
  { dependsOn: [mailbox] },
);

const secretive = new gcp.pubsub.Topic('secretive', { name: 'secretive', labels: { password } });

const provider = new gcp.Provider('elsewhere', { region: 'us-east1' });
const project = gcp.organizations.getProjectOutput({});

// The name that a resource had before, and an input that somebody else looks after.
const renamed =
  step === 1
    ? new gcp.pubsub.Topic('old-name', { name: 'renamed', labels: { owner: 'program' } })
    : new gcp.pubsub.Topic(
        'new-name',
        { name: 'renamed', labels: { owner: `program-${step}`, step: String(step) } },
        { aliases: [{ name: 'old-name' }], ignoreChanges: ['labels.owner'] },
      );

new gcp.projects.Service('run', { service: 'run.googleapis.com' });

// What the last deployment of this stack left.
const last = new pulumi.StackReference(
  `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
);
const { value: lastStep = 0 } = await last.getOutputDetails('lastStep');
const { secretValue = 'none' } = await last.getOutputDetails('lastPassword');

export const seen = `${lastStep} ${secretValue}`;
export const lastPassword = password;
export { step as lastStep };
export const mailboxTopic = mailbox.topic.name;
export const readerTopic = reader.topic;
export const isSecret = pulumi.isSecret(secretive.labels);
export const stackProject = project.number;
export const providerRegion = provider.region;
export const renamedLabels = renamed.labels;
export const preview = pulumi.runtime.isDryRun();
export const serialized = step === 2 && (await pulumi.runtime.serializeFunction(() => step)).text;
export const urn = mailbox.topic.urn;
