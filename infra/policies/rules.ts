import { grantsOf, listOf, type ResourceRule, type StackRule, valueAt } from './declaration.ts';

// What no stack may do, as plain functions: the tests of infra/ ask them about every stack, and the policy pack
// (index.js) about every `pulumi preview` and `pulumi up` that is given it.

const SERVICE = 'gcp:cloudrunv2/service:Service';
const JOB = 'gcp:cloudrunv2/job:Job';
const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const TABLE = 'gcp:bigquery/table:Table';
const DATASET = 'gcp:bigquery/dataset:Dataset';
const SCHEDULE = 'gcp:cloudscheduler/job:Job';
const TOPIC = 'gcp:pubsub/topic:Topic';
const BUCKET = 'gcp:storage/bucket:Bucket';
const SECRET = 'gcp:secretmanager/secret:Secret';
const IDENTITY_PROVIDER = 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider';

/** What takes labels. */
const LABELLED = [
  SERVICE,
  JOB,
  SUBSCRIPTION,
  TABLE,
  DATASET,
  TOPIC,
  BUCKET,
  SECRET,
  'gcp:artifactregistry/repository:Repository',
  'gcp:compute/globalAddress:GlobalAddress',
  'gcp:compute/globalForwardingRule:GlobalForwardingRule',
  'gcp:kms/cryptoKey:CryptoKey',
];

const BASIC_ROLES = ['roles/owner', 'roles/editor', 'roles/viewer'];
const ANYBODY = ['allUsers', 'allAuthenticatedUsers'];
/** Settings of `access` that open the API to anybody. */
const OPEN = ['public', 'load-balancer'];

export const resourceRules: readonly ResourceRule[] = [
  {
    name: 'no-basic-roles',
    description: 'Owner, editor and viewer hold thousands of permissions: grant predefined roles instead.',
    check: (resource) =>
      grantsOf(resource)
        .filter(({ role }) => BASIC_ROLES.includes(role))
        .map(({ role, member }) => `grants the basic role ${role} to ${member}: grant a predefined role`),
  },
  {
    name: 'nothing-open-to-anybody',
    description: 'Only the API is open to anybody, and only in a stack that is configured so.',
    check: (resource, { access = 'private' }) =>
      grantsOf(resource)
        .filter(({ member }) => ANYBODY.includes(member))
        .filter(({ role, member }) => {
          const isApi = resource.type === 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember';
          return !(isApi && role === 'roles/run.invoker' && member === 'allUsers' && OPEN.includes(access));
        })
        .map(({ role, member }) => `grants ${role} to ${member}, and access of the stack is ${access}`),
  },
  {
    name: 'no-service-account-keys',
    description: 'A key is a password that nobody rotates: workloads have an identity, workflows federate.',
    check: ({ type }) =>
      type === 'gcp:serviceaccount/key:Key' ? ['makes a service-account key: impersonate instead'] : [],
  },
  {
    name: 'no-open-datasets',
    description: 'No access list of a dataset lets in everybody.',
    check: (resource) =>
      (resource.type === DATASET ? listOf(resource, 'accesses') : [resource.props])
        .filter(() => [DATASET, 'gcp:bigquery/datasetAccess:DatasetAccess'].includes(resource.type))
        .map((access) => String(access.iamMember ?? access.specialGroup))
        .filter((group) => ANYBODY.includes(group))
        .map((group) => `lets ${group} in: grant roles to members instead`),
  },
  {
    name: 'production-data-is-protected',
    description: 'In production, nothing that holds records can be deleted by accident.',
    check(resource, { name }) {
      if (name !== 'prod') return [];
      if (resource.type === TABLE && valueAt(resource, 'deletionProtection') !== true) {
        return ['has no deletionProtection: set it to true'];
      }
      if (resource.type === DATASET && valueAt(resource, 'deleteContentsOnDestroy') === true) {
        return ['deletes its tables with it: set deleteContentsOnDestroy to false'];
      }
      return [];
    },
  },
  {
    name: 'subscriptions-never-expire',
    description: 'A subscription that nobody uses for 31 days is deleted, unless it says otherwise.',
    check: (resource) =>
      resource.type === SUBSCRIPTION && valueAt(resource, 'expirationPolicy.ttl') !== ''
        ? ['may expire, and its messages with it: set expirationPolicy to { ttl: "" }']
        : [],
  },
  {
    name: 'labelled',
    description: 'Costs and alerts are told apart by the labels system and stack.',
    check(resource, { name }) {
      if (!LABELLED.includes(resource.type)) return [];
      const wrong = Object.entries({ system: 'records', stack: name }).filter(
        ([label, value]) => valueAt(resource, `labels.${label}`) !== value,
      );
      return wrong.map(([label, value]) => `has no label ${label}: set it to ${value}`);
    },
  },
  {
    name: 'in-the-region',
    description: 'Everything that has a place is in the region of the stack, data and messages included.',
    check(resource, { region }) {
      // It holds an address and no data, and Cloud Scheduler is not in every region.
      if (resource.type === SCHEDULE) return [];
      const places = [
        ...['location', 'region'].map((path) => [path, valueAt(resource, path)] as const),
        ...(resource.type === TOPIC ? [storageRegions(resource)] : []),
        ...(resource.type === SECRET ? secretRegions(resource) : []),
      ];
      return places
        .filter(([path, place]) => place !== undefined && !(path === 'location' && place === 'global'))
        .filter(([, place]) => place !== region)
        .map(([path, place]) => `is in ${place} (${path}), and the stack in ${region}`);
    },
  },
  {
    name: 'images-by-digest',
    description: 'A tag can be moved to another image after a review; a digest is the image.',
    check: (resource) =>
      containersOf(resource)
        .map(({ image }) => String(image))
        .filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image) && !image.startsWith('localhost/'))
        .map((image) => `runs ${image}: name the image by its digest`),
  },
  {
    name: 'no-plain-secrets',
    description: 'Whoever may see a service or a job sees its environment: secrets come from Secret Manager.',
    check: (resource) =>
      containersOf(resource)
        .flatMap(({ envs }) => (Array.isArray(envs) ? envs : []) as { name: string; value?: unknown }[])
        .filter(({ name, value }) => value !== undefined && (soundsSecret(name) || looksSecret(value)))
        .map(({ name }) => `has a secret in ${name}: give it a valueSource with a secretKeyRef`),
  },
  {
    name: 'buckets-are-closed',
    description: 'Buckets keep every version, and nothing in them can be made public.',
    check(resource) {
      if (resource.type !== BUCKET) return [];
      const wanted = {
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        'versioning.enabled': true,
      };
      return Object.entries(wanted)
        .filter(([path, value]) => valueAt(resource, path) !== value)
        .map(([path, value]) => `must have ${path} ${value}`);
    },
  },
  {
    name: 'federation-by-number',
    description: 'Only one repository is let in, by its number: names of deleted ones can be taken.',
    check: (resource) =>
      resource.type === IDENTITY_PROVIDER &&
      !/assertion\.repository_id == '\d+'/.test(String(valueAt(resource, 'attributeCondition')))
        ? ["needs an attributeCondition with assertion.repository_id == 'NUMBER'"]
        : [],
  },
];

export const stackRules: readonly StackRule[] = [
  {
    name: 'dead-letters-are-kept',
    description: 'A topic keeps nothing for a subscription that does not exist: dead letters would vanish.',
    checkAll(resources) {
      const subscriptions = resources.filter(({ type }) => type === SUBSCRIPTION);
      const read = new Set(subscriptions.map((resource) => topicName(valueAt(resource, 'topic'))));
      return subscriptions.flatMap((resource) => {
        const topic = valueAt(resource, 'deadLetterPolicy.deadLetterTopic');
        if (topic === undefined || read.has(topicName(topic))) return [];
        const message = `sends dead letters to ${topic}, which has no subscription: declare one`;
        return [{ resource, message }];
      });
    },
  },
];

/** Of a service or a job of Cloud Run. */
function containersOf(resource: Parameters<typeof valueAt>[0]) {
  if (resource.type === SERVICE) return listOf(resource, 'template.containers');
  return resource.type === JOB ? listOf(resource, 'template.template.containers') : [];
}

function storageRegions(resource: Parameters<typeof valueAt>[0]) {
  const regions = valueAt(resource, 'messageStoragePolicy.allowedPersistenceRegions');
  return ['messageStoragePolicy', Array.isArray(regions) ? regions.join(' and ') : 'any region'] as const;
}

/** Google chooses the places of a secret that names none. */
function secretRegions(resource: Parameters<typeof valueAt>[0]) {
  const replicas = listOf(resource, 'replication.userManaged.replicas').map(({ location }) => location);
  return (replicas.length > 0 ? replicas : ['any region']).map((place) => ['replication', place] as const);
}

/** The provider takes `records` as well as `projects/p/topics/records`. */
function topicName(topic: unknown): string {
  return String(topic).replace(/^.*\//, '');
}

/** By convention, `…_FILE` names the file that holds the secret. */
function soundsSecret(name: string): boolean {
  if (name.endsWith('_FILE')) return false;
  return /(SECRET|PASSW|TOKEN|CREDENTIAL|API_?KEY|PRIVATE_?KEY)/i.test(name);
}

/** Private keys, and Google's API keys and access tokens. */
function looksSecret(value: unknown): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY|"private_key"|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}/.test(
    String(value),
  );
}
