import type { Resource, ResourceRule, StackRule } from './declaration.ts';
import { differs, grantsOf, listOf, UNKNOWN, valueAt } from './declaration.ts';

// Plain functions. The programs themselves apply them (enforce.ts), so `pulumi preview`, `pulumi up`, `pnpm dev` and the
// committed plans all refuse the same.

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

/** The types that take labels. */
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
/** Values of `access` that open the API to anybody. */
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
    description:
      'Only the API may be open to anybody, only if the stack sets access so, and never by a grant, which many organisations refuse.',
    check: (resource, { access = 'private' }) => [
      ...grantsOf(resource)
        .filter(({ member }) => ANYBODY.includes(member))
        .map(
          ({ role, member }) =>
            `grants ${role} to ${member}: name the members, or set access to public, which disables the invoker check`,
        ),
      ...(valueAt(resource, 'invokerIamDisabled') === true &&
      !(resource.type === SERVICE && OPEN.includes(access))
        ? [`admits anybody (invokerIamDisabled), but the stack's access is ${access}`]
        : []),
    ],
  },
  {
    name: 'no-service-account-keys',
    description: 'Nobody rotates a key: workloads use their own account, workflows use federation.',
    check: ({ type }) =>
      type === 'gcp:serviceaccount/key:Key' ? ['creates a key: impersonate the account instead'] : [],
  },
  {
    name: 'no-open-datasets',
    description: 'No access list of a dataset may contain everybody.',
    check: (resource) =>
      (resource.type === DATASET ? listOf(resource, 'accesses') : [resource.props])
        .filter(() => [DATASET, 'gcp:bigquery/datasetAccess:DatasetAccess'].includes(resource.type))
        .map((access) => String(access.iamMember ?? access.specialGroup))
        .filter((group) => ANYBODY.includes(group))
        .map((group) => `lets ${group} read it: grant roles to members instead`),
  },
  {
    name: 'production-data-is-protected',
    description:
      'In production, tables and datasets are protected from accidental deletion. A dataset whose tables expire has nothing to protect.',
    check(resource, { name }) {
      if (name !== 'prod') return [];
      if (resource.type === TABLE && differs(resource, 'deletionProtection', true)) {
        return ['has no deletionProtection: set it to true'];
      }
      if (
        resource.type === DATASET &&
        valueAt(resource, 'deleteContentsOnDestroy') === true &&
        !expires(resource) &&
        valueAt(resource, 'defaultTableExpirationMs') !== UNKNOWN
      ) {
        return ['deletes its tables with it: set deleteContentsOnDestroy to false'];
      }
      return [];
    },
  },
  {
    name: 'subscriptions-never-expire',
    description: 'By default Pub/Sub deletes a subscription after 31 days without use.',
    check: (resource) =>
      resource.type === SUBSCRIPTION && differs(resource, 'expirationPolicy.ttl', '')
        ? ['may expire and lose its messages: set expirationPolicy to { ttl: "" }']
        : [],
  },
  {
    name: 'labelled',
    description: 'The labels system and stack tell costs and alerts apart.',
    check(resource, { name }) {
      if (!LABELLED.includes(resource.type)) return [];
      const wrong = Object.entries({ system: 'records', stack: name }).filter(([label, value]) =>
        differs(resource, `labels.${label}`, value),
      );
      return wrong.map(([label, value]) => `has no label ${label}: set it to ${value}`);
    },
  },
  {
    name: 'in-the-region',
    description: 'Every resource, its data and its messages stay in the region of the stack.',
    check(resource, { region }) {
      // A schedule holds a URL and no data, and Cloud Scheduler is not in every region.
      if (resource.type === SCHEDULE) return [];
      const places = [
        ...['location', 'region'].map((path) => [path, valueAt(resource, path)] as const),
        ...(resource.type === TOPIC ? storageRegions(resource) : []),
        ...(resource.type === SECRET ? secretRegions(resource) : []),
      ];
      return places
        .filter(([, place]) => place !== undefined && place !== UNKNOWN)
        .filter(([path, place]) => !(path === 'location' && place === 'global'))
        .filter(([, place]) => place !== region)
        .map(([path, place]) => `is in ${place} (${path}), but the stack is in ${region}`);
    },
  },
  {
    name: 'images-by-digest',
    description: 'A tag can move to another image after a review. A digest cannot.',
    check: (resource) =>
      containersOf(resource)
        .map(({ image }) => String(image))
        .filter((image) => image !== UNKNOWN)
        .filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image) && !image.startsWith('localhost/'))
        .map((image) => `runs ${image}: name the image by its digest`),
  },
  {
    name: 'no-plain-secrets',
    description: 'Viewers of a service or job can read its environment: take secrets from Secret Manager.',
    check: (resource) =>
      containersOf(resource)
        .flatMap(({ envs }) => (Array.isArray(envs) ? envs : []) as { name: string; value?: unknown }[])
        .filter(({ name, value }) => value !== undefined && (soundsSecret(name) || looksSecret(value)))
        .map(({ name }) => `has a secret in ${name}: give it a valueSource with a secretKeyRef`),
  },
  {
    name: 'buckets-are-closed',
    description: 'Buckets keep every version, and none of their objects can become public.',
    check(resource) {
      if (resource.type !== BUCKET) return [];
      const wanted = {
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        'versioning.enabled': true,
      };
      return Object.entries(wanted)
        .filter(([path, value]) => differs(resource, path, value))
        .map(([path, value]) => `must have ${path} ${value}`);
    },
  },
  {
    name: 'federation-by-number',
    description: 'Only one repository may sign in, by its number: somebody else can take a deleted name.',
    check(resource) {
      const condition = valueAt(resource, 'attributeCondition');
      if (resource.type !== IDENTITY_PROVIDER || condition === UNKNOWN) return [];
      return /assertion\.repository_id == '\d+'/.test(String(condition))
        ? []
        : ["needs an attributeCondition with assertion.repository_id == 'NUMBER'"];
    },
  },
];

export const stackRules: readonly StackRule[] = [
  {
    name: 'tables-do-not-expire',
    description: 'A declared table is not in a dataset that deletes its tables after a while.',
    checkAll(resources) {
      const expiring = resources.filter((resource) => resource.type === DATASET && expires(resource));
      const ids = new Set(expiring.map((resource) => valueAt(resource, 'datasetId')));
      return resources
        .filter((resource) => resource.type === TABLE && valueAt(resource, 'datasetId') !== UNKNOWN)
        .filter((resource) => ids.has(valueAt(resource, 'datasetId')))
        .map((resource) => ({
          resource,
          message: `is in ${valueAt(resource, 'datasetId')}, which deletes its tables: declare it in another dataset`,
        }));
    },
  },
  {
    name: 'dead-letters-are-kept',
    description: 'A dead-letter topic has a subscription: without one it keeps no message.',
    checkAll(resources) {
      const subscriptions = resources.filter(({ type }) => type === SUBSCRIPTION);
      const read = new Set(subscriptions.map((resource) => topicName(valueAt(resource, 'topic'))));
      return subscriptions.flatMap((resource) => {
        const topic = valueAt(resource, 'deadLetterPolicy.deadLetterTopic');
        if (topic === undefined || topic === UNKNOWN || read.has(topicName(topic))) return [];
        // Any topic may be the one that a subscription does not know yet.
        if (read.has(UNKNOWN)) return [];
        const message = `sends dead letters to ${topic}, which has no subscription: declare one`;
        return [{ resource, message }];
      });
    },
  },
];

/** A dataset whose tables BigQuery deletes after a while. */
function expires(dataset: Resource): boolean {
  return Number(valueAt(dataset, 'defaultTableExpirationMs') ?? 0) > 0;
}

/** The containers of a Cloud Run service or job. */
function containersOf(resource: Resource) {
  if (resource.type === SERVICE) return listOf(resource, 'template.containers');
  return resource.type === JOB ? listOf(resource, 'template.template.containers') : [];
}

/** Google keeps a message anywhere unless its topic names regions. */
function storageRegions(resource: Resource) {
  const path = 'messageStoragePolicy.allowedPersistenceRegions';
  const regions = valueAt(resource, path);
  if (regions === UNKNOWN) return [];
  return placesOf('messageStoragePolicy', Array.isArray(regions) ? regions : []);
}

/** Google chooses the regions of a secret without replicas. */
function secretRegions(resource: Resource) {
  const path = 'replication.userManaged.replicas';
  if (valueAt(resource, path) === UNKNOWN) return [];
  return placesOf(
    'replication',
    listOf(resource, path).map(({ location }) => location),
  );
}

function placesOf(path: string, places: readonly unknown[]) {
  return (places.length > 0 ? places : ['any region']).map((place) => [path, place] as const);
}

/** The provider accepts both `records` and `projects/p/topics/records`. */
function topicName(topic: unknown): string {
  return String(topic).replace(/^.*\//, '');
}

/** By convention, `…_FILE` names the file that holds the secret. */
function soundsSecret(name: string): boolean {
  if (name.endsWith('_FILE')) return false;
  return /(SECRET|PASSW|TOKEN|CREDENTIAL|API_?KEY|PRIVATE_?KEY)/i.test(name);
}

/** Matches private keys, and Google's API keys and access tokens. */
function looksSecret(value: unknown): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY|"private_key"|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}/.test(
    String(value),
  );
}
