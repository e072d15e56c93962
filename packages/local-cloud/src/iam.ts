import { CloudError } from './errors.ts';

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

/**
 * The permissions of each predefined role, as far as an emulated call asks for them.
 * https://docs.cloud.google.com/iam/docs/roles-permissions
 */
export const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'roles/bigquery.dataEditor': [
    'bigquery.tables.get',
    'bigquery.tables.getData',
    'bigquery.tables.list',
    'bigquery.tables.updateData',
  ],
  'roles/bigquery.dataViewer': ['bigquery.tables.get', 'bigquery.tables.getData', 'bigquery.tables.list'],
  'roles/bigquery.jobUser': ['bigquery.jobs.create'],
  'roles/bigquery.metadataViewer': ['bigquery.tables.get', 'bigquery.tables.list'],
  'roles/pubsub.publisher': ['pubsub.topics.publish'],
  'roles/pubsub.subscriber': ['pubsub.subscriptions.consume', 'pubsub.topics.attachSubscription'],
  'roles/run.invoker': ['run.routes.invoke'],
};

/** Who may do what. Grants on a parent hold for everything below it. */
export class Iam {
  readonly #grants = new Map<string, Grant>();

  /** Throws CloudError INVALID_ARGUMENT for a role that is not in ROLE_PERMISSIONS. */
  grant(grant: Grant): void {
    if (!(grant.role in ROLE_PERMISSIONS)) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Role ${grant.role} is not supported for resource ${grant.resource}.`,
        {
          hint: `the local cloud knows the permissions of: ${Object.keys(ROLE_PERMISSIONS).join(', ')}`,
        },
      );
    }
    this.#grants.set(keyOf(grant), grant);
  }

  revoke(grant: Grant): void {
    this.#grants.delete(keyOf(grant));
  }

  grants(): Grant[] {
    return [...this.#grants.values()];
  }

  /** Grants that give `member` the permission on `resource`, by itself or by a parent. */
  grantsFor(member: string, permission: string, resource: string): Grant[] {
    return this.grants().filter(
      (grant) =>
        (grant.member === member || grant.member === 'allUsers') &&
        contains(grant.resource, resource) &&
        ROLE_PERMISSIONS[grant.role]?.includes(permission),
    );
  }

  allows(member: string, permission: string, resource: string): boolean {
    return this.grantsFor(member, permission, resource).length > 0;
  }
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

function contains(parent: string, resource: string): boolean {
  return parent === resource || resource.startsWith(`${parent}/`);
}

function keyOf({ resource, role, member }: Grant): string {
  return JSON.stringify([resource, role, member]);
}
