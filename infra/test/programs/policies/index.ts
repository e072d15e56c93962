import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

// Each case of infra/test/enforce.test.ts is a setting of its own.

const config = new pulumi.Config();
const project = gcp.config.project ?? '';
const labels = { system: 'records', stack: pulumi.getStack() };
const expirationPolicy = { ttl: '' };

const account = new gcp.serviceaccount.Account('reader', {
  accountId: 'reader',
  displayName: config.get('role') ?? 'roles/bigquery.jobUser',
});

// The role is an output, so only the running program knows it.
const grant = new gcp.projects.IAMMember('grant', {
  project,
  role: pulumi.secret(account.displayName.apply((role) => role ?? '')),
  member: account.member,
});

new gcp.serviceaccount.Account('dependent', {
  accountId: grant.role.apply((role) => `dependent-${role.length}`),
});

if (config.get('key')) new gcp.serviceaccount.Key('key', { serviceAccountId: account.name });

const topic = (name: string) =>
  new gcp.pubsub.Topic(name, {
    name,
    labels,
    messageStoragePolicy: { allowedPersistenceRegions: [gcp.config.region ?? ''] },
  });
const records = topic('records');
const deadLetters = topic('dead-letters');
const source = new gcp.pubsub.Subscription('source', {
  name: 'source',
  topic: records.id,
  deadLetterPolicy: { deadLetterTopic: deadLetters.id },
  expirationPolicy,
  labels,
});
const member = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';
new gcp.pubsub.TopicIAMMember('forwarder', {
  topic: deadLetters.id,
  role: 'roles/pubsub.publisher',
  member,
});
new gcp.pubsub.SubscriptionIAMMember('forwarder', {
  subscription: source.id,
  role: 'roles/pubsub.subscriber',
  member,
});
if (!config.get('unread')) {
  new gcp.pubsub.Subscription('sink', { name: 'sink', topic: deadLetters.id, expirationPolicy, labels });
}

if (pulumi.runtime.isDryRun()) {
  const image = config.get('image') ?? pulumi.output<string>(pulumi.unknown as never);
  const envs = config.get('password') ? [{ name: 'DB_PASSWORD', value: 'hunter2' }] : [];
  new gcp.cloudrunv2.Service('service', {
    name: 'service',
    location: gcp.config.region ?? '',
    labels,
    template: { containers: [{ image, envs }] },
  });
}

export default { grant: grant.role };
