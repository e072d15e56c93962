import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import { isSystemError } from './system-error.ts';

/** Gives one member one role on one resource. */
export interface Grant {
  /** Google's relative resource name: `projects/p/topics/t`, `projects/p/datasets/d/tables/t`, `projects/p`. */
  readonly resource: string;
  /** `roles/pubsub.publisher` */
  readonly role: string;
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

/** The permissions of a predefined role that an emulated call may require; none for any other role. */
function permissionsOf(role: string): readonly string[] {
  return ROLE_PERMISSIONS[role] ?? [];
}

/** Services whose roles must be known. Grants of other services' roles are stored and never checked. */
const KNOWN_SERVICES = ['bigquery', 'pubsub', 'run', 'secretmanager'];

const KNOWN_PERMISSIONS = [...new Set(Object.values(ROLE_PERMISSIONS).flat())].sort();

/** The custom role of a project: `projects/P/roles/ID`. */
const CUSTOM_ROLE = /^projects\/[^/]+\/roles\/[^/]+$/;

export function isCustomRole(role: string): boolean {
  return CUSTOM_ROLE.test(role);
}

/** Why the local cloud cannot check a permission of a custom role; undefined when it can. */
export function permissionProblem(permission: string): string | undefined {
  if (KNOWN_PERMISSIONS.includes(permission)) return undefined;
  const [service = ''] = permission.split('.');
  const known = KNOWN_PERMISSIONS.filter((name) => name.startsWith(`${service}.`));
  return `the local cloud checks no permission ${permission}. Known: ${(known.length > 0 ? known : KNOWN_PERMISSIONS).join(', ')}`;
}

/** Why the local cloud cannot grant a role; undefined when it can. */
export function roleProblem(role: string): string | undefined {
  if (role in ROLE_PERMISSIONS || isCustomRole(role)) return undefined;
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
  readonly #customRoles = new Map<string, readonly string[]>();
  readonly #used = new Map<string, Set<string>>();
  readonly #path: string | undefined;

  /** Without `path` (a folder), grants are kept in memory only. */
  constructor(options: { path?: string | undefined } = {}) {
    this.#path = options.path && join(options.path, 'grants.json');
    for (const grant of this.#path ? readGrants(this.#path) : []) this.#grants.set(keyOf(grant), grant);
  }

  /** `role`: `projects/P/roles/ID`. Its permissions replace those of an earlier definition. */
  defineRole(role: string, permissions: readonly string[]): void {
    this.#customRoles.set(role, permissions);
  }

  /** Grants of the role stay, and allow nothing. */
  deleteRole(role: string): void {
    this.#customRoles.delete(role);
  }

  /** The permissions of a role that an emulated call may require; none for an unknown role. */
  permissionsOf(role: string): readonly string[] {
    return this.#customRoles.get(role) ?? permissionsOf(role);
  }

  /** Throws CloudError INVALID_ARGUMENT for a role whose permissions are not known. */
  grant(grant: Grant): void {
    const problem = this.#problemOf(grant.role);
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
    return this.grants().filter(
      (grant) => reaches(grant, member, resource) && this.permissionsOf(grant.role).includes(permission),
    );
  }

  /** Records a use of the narrowest grant that covers the permission. */
  allows(member: string, permission: string, resource: string): boolean {
    const [grant] = this.grantsFor(member, permission, resource).sort((a, b) => this.#byReach(a, b));
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

  #problemOf(role: string): string | undefined {
    if (!isCustomRole(role) || this.#customRoles.has(role)) return roleProblem(role);
    return `${role} does not exist: declare it as a gcp.projects.IAMCustomRole`;
  }

  /** Narrowest first: the lowest resource, then the role with the fewest permissions. */
  #byReach(a: Grant, b: Grant): number {
    const permissions = ({ role }: Grant) => this.permissionsOf(role).length;
    return b.resource.length - a.resource.length || permissions(a) - permissions(b);
  }

  #save(): void {
    if (this.#path) writeFileAtomically(this.#path, JSON.stringify(this.grants(), null, 2));
  }
}

/** Whether a grant of a predefined role gives `member` the permission on `resource`, directly or through a parent. */
export function covers(grant: Grant, member: string, permission: string, resource: string): boolean {
  return reaches(grant, member, resource) && permissionsOf(grant.role).includes(permission);
}

function reaches(grant: Grant, member: string, resource: string): boolean {
  return (grant.member === member || grant.member === 'allUsers') && contains(grant.resource, resource);
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
