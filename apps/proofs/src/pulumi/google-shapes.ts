import type { Api } from './google.ts';

export type Resource = Readonly<Record<string, unknown>>;

interface Shaped {
  /** Where it is found. */
  readonly path: string;
  readonly resource: Resource;
}

const PROJECT_NUMBER = '123456789012';

/** A resource with what Google adds to it. */
export function shapeOf(api: Api, path: string, given: Resource): Shaped {
  const id = path.split('/').at(-1) ?? '';
  const project = /projects\/([^/]+)/.exec(path)?.[1] ?? '';
  const name = path.replace(/^v\d\//, '');
  switch (api) {
    case 'bigQuery': {
      const access = [{ role: 'OWNER', specialGroup: 'projectOwners' }];
      const datasetReference = { projectId: project, ...(given.datasetReference as Resource) };
      return { path, resource: { access, etag: 'a', id: path, ...given, datasetReference } };
    }
    case 'billingBudgets': {
      const filter = given.budgetFilter as { readonly projects: readonly string[] };
      const budgetFilter = { ...filter, projects: filter.projects.map(() => `projects/${PROJECT_NUMBER}`) };
      return { path, resource: { ...given, name, etag: 'a', budgetFilter } };
    }
    case 'cloudRunV2':
      return { path, resource: { ...given, ...runs(path, id) } };
    case 'compute': {
      const selfLink = `https://www.googleapis.com/compute/v1/${path}`;
      const address = path.includes('/addresses/') ? { address: '203.0.113.1' } : {};
      return {
        path,
        resource: { id: '1', fingerprint: 'a', labelFingerprint: 'a', selfLink, ...address, ...given },
      };
    }
    case 'iamBeta':
      return path.includes('/roles/')
        ? { path, resource: { ...(given.role as Resource), name, etag: 'a' } }
        : account(project, id, given);
    case 'logging':
      return { path, resource: given };
    case 'monitoring': {
      const conditions = given.conditions as readonly Resource[] | undefined;
      const named = conditions?.map((condition, index) => ({
        name: `${name}/conditions/${index}`,
        ...condition,
      }));
      const etag = path.includes('/dashboards/') ? { etag: 'a' } : {};
      return { path, resource: { ...given, ...(named && { conditions: named }), ...etag, name } };
    }
    default:
      return { path, resource: { ...given, name } };
  }
}

/** As Google writes JSON. An empty message stays. https://protobuf.dev/programming-guides/json/#presence */
export function asAnswered(resource: Resource): Resource {
  return Object.fromEntries(
    Object.entries(resource)
      .filter(([, value]) => !isDropped(value))
      .map(([key, value]) => [key, inside(value)]),
  );
}

function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside);
  return typeof value === 'object' && value !== null ? asAnswered(value as Resource) : value;
}

function isDropped(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === 0 || value === false || value === '' || value === null || value === undefined;
}

function runs(path: string, id: string): Resource {
  const uri = `https://${id}-1.a.run.app`;
  const revision = `${path}/revisions/${id}-00001-abc`;
  return {
    ...{ name: path, uid: '1', etag: 'a', generation: '1', observedGeneration: '1', uri, urls: [uri] },
    ...{ latestReadyRevision: revision, latestCreatedRevision: revision },
    terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
  };
}

function account(project: string, id: string, given: Resource): Shaped {
  const email = `${id}@${project}.iam.gserviceaccount.com`;
  const name = `projects/${project}/serviceAccounts/${email}`;
  const made = { ...(given.serviceAccount as Resource), name, email, uniqueId: '1', projectId: project };
  return { path: name, resource: made };
}
