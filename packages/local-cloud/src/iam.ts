import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unreadable } from './data-folder.ts';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import { reasonOf } from './pubsub/reason.ts';
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

/** The roles of one resource and their members. https://docs.cloud.google.com/iam/docs/reference/rest/v1/Policy */
export interface Policy {
  /** 0 for an empty policy. */
  readonly version: 0 | 1;
  /** Base64; changes with the bindings. */
  readonly etag: string;
  readonly bindings: readonly { readonly role: string; readonly members: readonly string[] }[];
}

/** A policy to set. */
export interface NewPolicy {
  /** Of the policy that is replaced; absent: whatever it is now. */
  readonly etag?: string | null | undefined;
  readonly bindings?:
    | readonly {
        readonly role?: string | null;
        readonly members?: readonly string[] | null;
        readonly condition?: object | null;
      }[]
    | null;
}

/** An IAM member: `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`. */
export const MEMBER =
  '^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain|principal|principalSet|projectOwner|projectEditor|projectViewer):\\S+)$';

const LIST_TABLES = ['bigquery.datasets.get', 'bigquery.tables.get', 'bigquery.tables.list'];
const READ_TABLES = [
  ...LIST_TABLES,
  'bigquery.models.list',
  'bigquery.routines.get',
  'bigquery.routines.list',
  'bigquery.tables.getData',
];
const WRITE_TABLES = [
  ...READ_TABLES,
  'bigquery.datasets.create',
  'bigquery.routines.create',
  'bigquery.routines.delete',
  'bigquery.routines.update',
  'bigquery.tables.create',
  'bigquery.tables.delete',
  'bigquery.tables.update',
  'bigquery.tables.updateData',
];
const OWN_DATASETS = [
  ...WRITE_TABLES,
  'bigquery.datasets.delete',
  'bigquery.datasets.update',
  'bigquery.tables.getIamPolicy',
  'bigquery.tables.setIamPolicy',
];
const SUBSCRIBE = [
  'pubsub.snapshots.seek',
  'pubsub.subscriptions.consume',
  'pubsub.topics.attachSubscription',
];
const VIEW_PUBSUB = [
  'pubsub.schemas.get',
  'pubsub.schemas.list',
  'pubsub.schemas.listRevisions',
  'pubsub.schemas.validate',
  'pubsub.snapshots.get',
  'pubsub.snapshots.list',
  'pubsub.subscriptions.get',
  'pubsub.subscriptions.list',
  'pubsub.topics.get',
  'pubsub.topics.list',
];
const EDIT_PUBSUB = [
  ...VIEW_PUBSUB,
  ...SUBSCRIBE,
  'pubsub.schemas.attach',
  'pubsub.schemas.commit',
  'pubsub.schemas.create',
  'pubsub.schemas.delete',
  'pubsub.schemas.rollback',
  'pubsub.snapshots.create',
  'pubsub.snapshots.delete',
  'pubsub.snapshots.update',
  'pubsub.subscriptions.create',
  'pubsub.subscriptions.delete',
  'pubsub.subscriptions.update',
  'pubsub.topics.create',
  'pubsub.topics.delete',
  'pubsub.topics.detachSubscription',
  'pubsub.topics.publish',
  'pubsub.topics.update',
];
const OWN_PUBSUB = [
  ...EDIT_PUBSUB,
  ...['schemas', 'snapshots', 'subscriptions', 'topics'].flatMap((collection) => [
    `pubsub.${collection}.getIamPolicy`,
    `pubsub.${collection}.setIamPolicy`,
  ]),
];

/**
 * The permissions of each predefined role, limited to those that an emulated call requires.
 * https://docs.cloud.google.com/iam/docs/roles-permissions
 */
const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'roles/bigquery.admin': [
    ...OWN_DATASETS,
    'bigquery.jobs.create',
    'bigquery.jobs.delete',
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
  'roles/pubsub.admin': OWN_PUBSUB,
  'roles/pubsub.editor': EDIT_PUBSUB,
  'roles/pubsub.publisher': ['pubsub.topics.publish'],
  'roles/pubsub.subscriber': SUBSCRIBE,
  'roles/pubsub.viewer': VIEW_PUBSUB,
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
    this.#checkRole(grant);
    this.#grants.set(keyOf(grant), grant);
    this.#save();
  }

  /** Puts back grants that were checked when they were made. A role that is deleted since allows nothing. */
  restore(grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (!this.#grants.has(keyOf(grant))) this.#grants.set(keyOf(grant), grant);
    }
    this.#save();
  }

  /** The grants on exactly this resource. */
  policyOf(resource: string): Policy {
    const members = new Map<string, string[]>();
    for (const grant of this.#grantsOn(resource)) {
      members.set(grant.role, [...(members.get(grant.role) ?? []), grant.member]);
    }
    const bindings = Array.from(members, ([role, members]) => ({ role, members: members.sort() })).sort(
      (a, b) => (a.role < b.role ? -1 : 1),
    );
    const etag = createHash('sha256').update(JSON.stringify(bindings)).digest().subarray(0, 8);
    return { version: bindings.length > 0 ? 1 : 0, etag: etag.toString('base64'), bindings };
  }

  /**
   * Replaces the grants on exactly this resource, all or none. Throws CloudError ABORTED when the etag is not the current one,
   * INVALID_ARGUMENT for a role or member that is not known, and UNIMPLEMENTED for a condition.
   */
  setPolicy(resource: string, { etag, bindings }: NewPolicy): Policy {
    if (etag && etag !== this.policyOf(resource).etag) {
      throw new CloudError(
        'ABORTED',
        'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
      );
    }
    const granted = (bindings ?? []).flatMap(({ role, members, condition }) => {
      if (condition && Object.values(condition).some(Boolean)) {
        throw new CloudError('UNIMPLEMENTED', `The condition on ${role} of ${resource} is not emulated.`, {
          hint: 'without it the binding would allow more: leave the binding out, or grant it without a condition',
        });
      }
      return (members ?? []).map((member) => this.#checked({ resource, role: role ?? '', member }));
    });
    const kept = new Set(granted.map(keyOf));
    for (const grant of this.#grantsOn(resource)) if (!kept.has(keyOf(grant))) this.#forget(grant);
    for (const grant of granted) {
      // An unchanged grant keeps the name of the resource that declared it.
      if (!this.#grants.has(keyOf(grant))) this.#grants.set(keyOf(grant), grant);
    }
    this.#save();
    return this.policyOf(resource);
  }

  revoke(grant: Grant): void {
    this.#forget(grant);
    this.#save();
  }

  has(grant: Grant): boolean {
    return this.#grants.has(keyOf(grant));
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

  #grantsOn(resource: string): Grant[] {
    return this.grants().filter((grant) => grant.resource === resource);
  }

  #forget(grant: Grant): void {
    this.#grants.delete(keyOf(grant));
    this.#used.delete(keyOf(grant));
  }

  #checked(grant: Grant): Grant {
    this.#checkRole(grant);
    if (new RegExp(MEMBER).test(grant.member)) return grant;
    throw new CloudError('INVALID_ARGUMENT', `Invalid member "${grant.member}" of ${grant.resource}.`, {
      hint: 'expected a member such as "user:NAME@example.com", "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com" or "allUsers"',
    });
  }

  #checkRole({ role, resource }: Grant): void {
    const problem = this.#problemOf(role);
    if (problem === undefined) return;
    throw new CloudError('INVALID_ARGUMENT', `Role ${role} is not supported for resource ${resource}.`, {
      hint: problem,
    });
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
    const grants: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Array.isArray(grants)) return grants;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw unreadable(path, reasonOf(error), error);
  }
  throw unreadable(path, 'it is not a list of grants', undefined);
}
