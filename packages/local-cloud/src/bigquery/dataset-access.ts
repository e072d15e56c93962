import type { Grant, Iam } from '../iam.ts';
import type { TableReference } from '../warehouse.ts';
import type { Dataset, Table } from './catalog.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid } from './errors.ts';
import type { AccessEntry } from './resources.ts';

/** The basic roles of an access list and the roles that they grant. https://docs.cloud.google.com/bigquery/docs/access-control-basic-roles */
const BASIC_ROLES: ReadonlyMap<string, string> = new Map([
  ['READER', 'roles/bigquery.dataViewer'],
  ['WRITER', 'roles/bigquery.dataEditor'],
  ['OWNER', 'roles/bigquery.dataOwner'],
]);

/** The access list of a new dataset that names none. */
export const DEFAULT_ACCESS: readonly AccessEntry[] = [
  { role: 'WRITER', specialGroup: 'projectWriters' },
  { role: 'OWNER', specialGroup: 'projectOwners' },
  { role: 'READER', specialGroup: 'projectReaders' },
];

/** The entries that are no grants: authorized views, and the members of a project's basic roles, who are only shown. */
export function specialAccess(entries: readonly AccessEntry[]): { readonly access: readonly AccessEntry[] } {
  return { access: entries.filter((entry) => memberOf(entry) === undefined) };
}

/** Whether the view may read the tables of the dataset. https://docs.cloud.google.com/bigquery/docs/authorized-views */
export function authorizes({ properties }: Dataset, view: TableReference): boolean {
  return entriesOf(properties).some((entry) => entry.view && isSame(entry.view, view));
}

/** The entries with the view, or without it. */
export function withView(
  entries: readonly AccessEntry[],
  view: TableReference,
  isAuthorized: boolean,
): AccessEntry[] {
  const others = entries.filter((entry) => !(entry.view && isSame(entry.view, view)));
  return isAuthorized ? [...others, { view }] : others;
}

/** The dataset without its entries for these views; the same dataset when it has none. */
export function withoutViews(dataset: Dataset, views: readonly Table[]): Dataset {
  const entries = entriesOf(dataset.properties);
  const access = entries.filter(
    ({ view }) => !view || !views.some(({ reference }) => isSame(view, reference)),
  );
  if (access.length === entries.length) return dataset;
  return { ...dataset, properties: { ...dataset.properties, access } };
}

/**
 * Ends the rights of deleted views to read other datasets: a later view of the same name has none. Call it once for all
 * views that a transaction deletes. https://docs.cloud.google.com/bigquery/docs/authorized-views
 */
export async function forgetViews(
  transaction: Transaction,
  views: readonly Table[],
  { catalog, clock }: Pick<ServiceContext, 'catalog' | 'clock'>,
): Promise<void> {
  if (views.length === 0) return;
  for (const dataset of catalog.datasets()) {
    const changed = withoutViews(dataset, views);
    if (changed !== dataset)
      await catalog.putDataset(transaction, { ...changed, lastModifiedTime: clock.now() });
  }
}

function entriesOf({ access }: Dataset['properties']): readonly AccessEntry[] {
  return Array.isArray(access) ? (access as readonly AccessEntry[]) : [];
}

function isSame(a: Partial<TableReference>, b: TableReference): boolean {
  return a.projectId === b.projectId && a.datasetId === b.datasetId && a.tableId === b.tableId;
}

/** Makes the other entries the grants of the dataset. Throws INVALID_ARGUMENT for an unknown role. */
export function setAccess(iam: Iam, resource: string, entries: readonly AccessEntry[]): void {
  const wanted = entries.flatMap((entry) => {
    const member = memberOf(entry);
    if (entry.view) {
      checkView(entry, entry.view);
      return [];
    }
    if (!entry.role) throw invalid('Required parameter is missing: access.role');
    return member === undefined
      ? []
      : [{ resource, role: BASIC_ROLES.get(entry.role) ?? entry.role, member }];
  });
  const isWanted = (grant: { role: string; member: string }) =>
    wanted.some(({ role, member }) => role === grant.role && member === grant.member);
  const held = grantsOf(iam, resource);
  for (const grant of wanted) {
    if (!held.some(({ role, member }) => role === grant.role && member === grant.member)) iam.grant(grant);
  }
  for (const grant of held) if (!isWanted(grant)) iam.revoke(grant);
}

function checkView({ role }: AccessEntry, view: Partial<TableReference>): void {
  if (role) throw invalid('access.role must be empty for access.view: a view always reads');
  for (const name of ['projectId', 'datasetId', 'tableId'] as const) {
    if (!view[name]) throw invalid(`Required parameter is missing: access.view.${name}`);
  }
}

/** The grants of a dataset as entries of its access list. */
export function grantedAccess(iam: Iam, resource: string): AccessEntry[] {
  return grantsOf(iam, resource).map(({ role, member }) => {
    const basic = [...BASIC_ROLES].find(([, granted]) => granted === role)?.[0];
    return { role: basic ?? role, ...entryOf(member) };
  });
}

/** Call it after the dataset or table is deleted. Grants of a Pulumi program stay: the program deletes them. */
export function forgetAccess(iam: Iam, resource: string): void {
  for (const grant of ownGrants(iam, resource)) iam.revoke(grant);
}

/** Call it after a table is renamed. Grants of a Pulumi program stay. */
export function moveAccess(iam: Iam, from: string, to: string): void {
  const moved = ownGrants(iam, from).map((grant) => ({ ...grant, resource: to }));
  if (moved.length === 0) return;
  forgetAccess(iam, from);
  iam.restore(moved);
}

/** The grants on a dataset or table, and on what is in it, that end with it. */
export function ownGrants(iam: Iam, resource: string): Grant[] {
  const isHere = (name: string) => name === resource || name.startsWith(`${resource}/`);
  return iam.grants().filter((grant) => isHere(grant.resource) && grant.declaredBy === undefined);
}

function grantsOf(iam: Iam, resource: string) {
  return iam.grants().filter((grant) => grant.resource === resource);
}

function memberOf({
  userByEmail,
  groupByEmail,
  domain,
  specialGroup,
  iamMember,
}: AccessEntry): string | undefined {
  if (userByEmail)
    return `${userByEmail.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${userByEmail}`;
  if (groupByEmail) return `group:${groupByEmail}`;
  if (domain) return `domain:${domain}`;
  return iamMember || (specialGroup === 'allAuthenticatedUsers' ? specialGroup : undefined);
}

function entryOf(member: string): AccessEntry {
  const [kind, name = ''] = member.split(':');
  if (kind === 'user' || kind === 'serviceAccount') return { userByEmail: name };
  if (kind === 'group') return { groupByEmail: name };
  if (kind === 'domain') return { domain: name };
  return member === 'allAuthenticatedUsers' ? { specialGroup: member } : { iamMember: member };
}
