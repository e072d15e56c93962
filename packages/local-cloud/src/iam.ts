import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import { isSystemError } from './system-error.ts';

/** One member that holds one role on one resource. */
export interface Grant {
  /** Google's relative resource name: `projects/p/topics/t`, `projects/p/datasets/d/tables/t`, `projects/p`. */
  readonly resource: string;
  /** `roles/pubsub.publisher` */
  readonly role: string;
  /** `serviceAccount:…`, `user:…`, `allUsers` */
  readonly member: string;
  /** What declared the grant, for messages: the URN of a Pulumi resource. */
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
 * The permissions of each predefined role, as far as an emulated call asks for them.
 * https://docs.cloud.google.com/iam/docs/roles-permissions
 */
export const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
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

/** Permissions of a role, as far as an emulated call asks for them. */
export function permissionsOf(role: string): readonly string[] {
  return ROLE_PERMISSIONS[role] ?? [];
}

/** Services whose permissions the local cloud knows. A role of any other service is kept and never asked for. */
const KNOWN_SERVICES = ['bigquery', 'pubsub', 'run', 'secretmanager'];

/** Why the local cloud can not grant a role, undefined when it can. */
export function roleProblem(role: string): string | undefined {
  if (role in ROLE_PERMISSIONS) return undefined;
  const service = /^roles\/([^.]+)\./.exec(role)?.[1];
  if (service && !KNOWN_SERVICES.includes(service)) return undefined;
  const known = Object.keys(ROLE_PERMISSIONS).filter(
    (name) => !service || name.startsWith(`roles/${service}.`),
  );
  return `the local cloud does not know the permissions of ${role}. Known are: ${known.join(', ')}`;
}

/** Who may do what. Grants on a parent hold for everything below it. */
export class Iam {
  readonly #grants = new Map<string, Grant>();
  readonly #used = new Map<string, Set<string>>();
  readonly #path: string | undefined;

  /** Grants last as long as the object, or, with the path of a folder, until they are revoked. */
  constructor(options: { path?: string | undefined } = {}) {
    this.#path = options.path && join(options.path, 'grants.json');
    for (const grant of this.#path ? readGrants(this.#path) : []) this.#grants.set(keyOf(grant), grant);
  }

  /** Throws CloudError INVALID_ARGUMENT for a role whose permissions are not known. */
  grant(grant: Grant): void {
    const problem = roleProblem(grant.role);
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

  /** Grants that give `member` the permission on `resource`, by itself or by a parent. */
  grantsFor(member: string, permission: string, resource: string): Grant[] {
    return this.grants().filter((grant) => covers(grant, member, permission, resource));
  }

  /** Notes the use of the narrowest grant that allows it. */
  allows(member: string, permission: string, resource: string): boolean {
    const [grant] = this.grantsFor(member, permission, resource).sort(byReach);
    if (!grant) return false;
    const key = keyOf(grant);
    const used = this.#used.get(key) ?? new Set<string>();
    this.#used.set(key, used.add(permission));
    return true;
  }

  /** Permissions for which a grant was the narrowest that allowed a call, since this object was made. */
  usesOf(grant: Grant): string[] {
    return [...(this.#used.get(keyOf(grant)) ?? [])].sort();
  }

  #save(): void {
    if (this.#path) writeFileAtomically(this.#path, JSON.stringify(this.grants(), null, 2));
  }
}

/** Whether a grant gives `member` the permission on `resource`, by itself or by a parent. */
export function covers(grant: Grant, member: string, permission: string, resource: string): boolean {
  return (
    (grant.member === member || grant.member === 'allUsers') &&
    contains(grant.resource, resource) &&
    (ROLE_PERMISSIONS[grant.role]?.includes(permission) ?? false)
  );
}

/** The predefined roles that hold the permission, the narrowest first: what a hint may suggest. */
export function rolesWith(permission: string): string[] {
  return Object.entries(ROLE_PERMISSIONS)
    .filter(([, permissions]) => permissions.includes(permission))
    .sort(([, a], [, b]) => a.length - b.length)
    .map(([role]) => role);
}

/** The account by which Pub/Sub acts in a project. https://docs.cloud.google.com/iam/docs/service-agents */
export function pubsubServiceAgent(projectNumber: string): string {
  return `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
}

/** The narrowest first: the one on the resource that is furthest down, then the role with the fewest permissions. */
function byReach(a: Grant, b: Grant): number {
  const permissions = ({ role }: Grant) => ROLE_PERMISSIONS[role]?.length ?? 0;
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
