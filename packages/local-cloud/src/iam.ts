import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import { isSystemError } from './system-error.ts';

/** Gives one member one role on one resource. */
export interface Grant {
  /** Google's relative resource name: `projects/p/topics/t`, `projects/p/datasets/d/tables/t`, `projects/p`. */
  readonly resource: string;
  /** `roles/pubsub.publisher`, or a custom role: `projects/p/roles/lists`. */
  readonly role: string;
  /** The permissions of a custom role. */
  readonly permissions?: readonly string[];
  /** `serviceAccount:…`, `user:…`, `allUsers` */
  readonly member: string;
  /** URN of the Pulumi resource that declared the grant, for messages. */
  readonly declaredBy?: string;
}

const LIST_TABLES = ['bigquery.datasets.get', 'bigquery.tables.get', 'bigquery.tables.list'];
const READ_TABLES = [
  ...LIST_TABLES,
  'bigquery.models.list',
  'bigquery.routines.list',
  'bigquery.tables.getData',
];
const WRITE_TABLES = [
  ...READ_TABLES,
  'bigquery.datasets.create',
  'bigquery.tables.create',
  'bigquery.tables.delete',
  'bigquery.tables.update',
  'bigquery.tables.updateData',
];
const OWN_DATASETS = [...WRITE_TABLES, 'bigquery.datasets.delete', 'bigquery.datasets.update'];
const USE_TOPICS = [
  'pubsub.topics.publish',
  'pubsub.topics.attachSubscription',
  'pubsub.subscriptions.consume',
];

/**
 * The permissions of each predefined role, limited to those that an emulated call requires.
 * https://docs.cloud.google.com/iam/docs/roles-permissions
 */
const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'roles/bigquery.admin': [
    ...OWN_DATASETS,
    'bigquery.jobs.create',
    'bigquery.jobs.get',
    'bigquery.jobs.list',
    'bigquery.jobs.listAll',
    'bigquery.jobs.update',
  ],
  'roles/bigquery.dataOwner': OWN_DATASETS,
  'roles/bigquery.dataEditor': WRITE_TABLES,
  'roles/bigquery.dataViewer': READ_TABLES,
  'roles/bigquery.jobUser': ['bigquery.jobs.create'],
  'roles/bigquery.metadataViewer': LIST_TABLES,
  'roles/bigquery.user': [
    'bigquery.datasets.create',
    'bigquery.datasets.get',
    'bigquery.jobs.create',
    'bigquery.jobs.list',
    'bigquery.tables.list',
  ],
  'roles/pubsub.admin': USE_TOPICS,
  'roles/pubsub.editor': USE_TOPICS,
  'roles/pubsub.publisher': ['pubsub.topics.publish'],
  'roles/pubsub.subscriber': ['pubsub.subscriptions.consume', 'pubsub.topics.attachSubscription'],
  'roles/pubsub.viewer': [],
  'roles/run.admin': ['run.jobs.run', 'run.routes.invoke'],
  'roles/run.developer': ['run.jobs.run'],
  'roles/run.invoker': ['run.jobs.run', 'run.routes.invoke'],
  'roles/run.viewer': [],
  'roles/secretmanager.admin': ['secretmanager.versions.access'],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
  'roles/secretmanager.secretVersionAdder': [],
  'roles/secretmanager.secretVersionManager': [],
  'roles/secretmanager.viewer': [],
};

/** The permissions of a role that an emulated call may require; none for an unknown role. */
export function permissionsOf(role: string): readonly string[] {
  return ROLE_PERMISSIONS[role] ?? [];
}

/** Services whose roles must be known. Grants of other services' roles are stored and never checked. */
const KNOWN_SERVICES = ['bigquery', 'pubsub', 'run', 'secretmanager'];

const CUSTOM_ROLE = /^(projects|organizations)\/[^/]+\/roles\/[a-zA-Z0-9_.]{3,64}$/;

/** Why the local cloud cannot grant a role; undefined when it can. */
export function roleProblem(role: string, permissions?: readonly string[]): string | undefined {
  if (role in ROLE_PERMISSIONS) return undefined;
  if (permissions && CUSTOM_ROLE.test(role)) return undefined;
  const service = /^roles\/([^.]+)\./.exec(role)?.[1];
  if (service && !KNOWN_SERVICES.includes(service)) return undefined;
  const known = Object.keys(ROLE_PERMISSIONS).filter(
    (name) => !service || name.startsWith(`roles/${service}.`),
  );
  return `the local cloud does not know the permissions of ${role}. Known roles: ${known.join(', ')}`;
}

/** The grants of a project. A grant on a resource also covers everything below that resource. */
export class Iam {
  readonly #grants = new Map<string, Grant>();
  readonly #used = new Map<string, Set<string>>();
  readonly #path: string | undefined;

  /** Without `path` (a folder), grants are kept in memory only. */
  constructor(options: { path?: string | undefined } = {}) {
    this.#path = options.path && join(options.path, 'grants.json');
    for (const grant of this.#path ? readGrants(this.#path) : []) this.#grants.set(keyOf(grant), grant);
  }

  /** Throws CloudError INVALID_ARGUMENT for a role whose permissions are not known. */
  grant(grant: Grant): void {
    const problem = roleProblem(grant.role, grant.permissions);
    if (problem) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Role ${grant.role} is not supported for resource ${grant.resource}.`,
        { hint: problem },
      );
    }
    this.#grants.set(keyOf(grant), grant);
    this.#save();
  }

  revoke(grant: Grant): void {
    this.#grants.delete(keyOf(grant));
    this.#used.delete(keyOf(grant));
    this.#save();
  }

  grants(): Grant[] {
    return [...this.#grants.values()];
  }

  /** The grants that cover the permission. */
  grantsFor(member: string, permission: string, resource: string): Grant[] {
    return this.grants().filter((grant) => covers(grant, member, permission, resource));
  }

  /** Records a use of the narrowest grant that covers the permission. */
  allows(member: string, permission: string, resource: string): boolean {
    const [grant] = this.grantsFor(member, permission, resource).sort(byReach);
    if (!grant) return false;
    const key = keyOf(grant);
    const used = this.#used.get(key) ?? new Set<string>();
    this.#used.set(key, used.add(permission));
    return true;
  }

  /** The permissions that `allows` recorded for a grant, since this object was created. */
  usesOf(grant: Grant): string[] {
    return [...(this.#used.get(keyOf(grant)) ?? [])].sort();
  }

  #save(): void {
    if (this.#path) writeFileAtomically(this.#path, JSON.stringify(this.grants(), null, 2));
  }
}

/** Whether a grant gives `member` the permission on `resource`, directly or through a parent. */
export function covers(grant: Grant, member: string, permission: string, resource: string): boolean {
  return (
    (grant.member === member || grant.member === 'allUsers') &&
    contains(grant.resource, resource) &&
    permissionsOfGrant(grant).includes(permission)
  );
}

function permissionsOfGrant({ role, permissions }: Grant): readonly string[] {
  return permissions ?? permissionsOf(role);
}

/** The predefined roles with the permission, narrowest first. */
export function rolesWith(permission: string): string[] {
  return Object.entries(ROLE_PERMISSIONS)
    .filter(([, permissions]) => permissions.includes(permission))
    .sort(([, a], [, b]) => a.length - b.length)
    .map(([role]) => role);
}

/** The service account that Pub/Sub acts as in a project. https://docs.cloud.google.com/iam/docs/service-agents */
export function pubsubServiceAgent(projectNumber: string): string {
  return `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
}

/** Narrowest first: the lowest resource, then the role with the fewest permissions. */
function byReach(a: Grant, b: Grant): number {
  const permissions = (grant: Grant) => permissionsOfGrant(grant).length;
  return b.resource.length - a.resource.length || permissions(a) - permissions(b);
}

function contains(parent: string, resource: string): boolean {
  return parent === resource || resource.startsWith(`${parent}/`);
}

function keyOf({ resource, role, member }: Grant): string {
  return JSON.stringify([resource, role, member]);
}

function readGrants(path: string): Grant[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Grant[];
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
