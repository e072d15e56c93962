import { CloudError } from '../errors.ts';

export type Collection = 'topics' | 'subscriptions' | 'schemas' | 'snapshots';

/** https://docs.cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const ID = /^[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}$/;
const ID_RULE =
  'an id has 3 to 255 letters, digits and - _ . ~ + %, starts with a letter and does not start with "goog"';

/** Checks `projects/PROJECT/COLLECTION/ID`. Throws INVALID_ARGUMENT. */
export function checkName(collection: Collection, name: unknown): string {
  const parts = typeof name === 'string' ? name.split('/') : [];
  const [projects, project, kind, id] = parts;
  const valid =
    parts.length === 4 &&
    projects === 'projects' &&
    project !== '' &&
    kind === collection &&
    id !== undefined &&
    ID.test(id) &&
    !id.startsWith('goog');
  if (!valid) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid [${collection}] name: (name=${String(name ?? '')})`, {
      hint: `expected projects/PROJECT/${collection}/ID, where ${ID_RULE}`,
    });
  }
  return name as string;
}

/** Checks `projects/PROJECT`. Throws INVALID_ARGUMENT. */
export function checkProject(name: unknown): string {
  if (typeof name !== 'string' || !/^projects\/[^/]+$/.test(name)) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid [projects] name: (name=${String(name ?? '')})`, {
      hint: 'expected projects/PROJECT',
    });
  }
  return name;
}

/** The project id in a resource name. */
export function projectIdOf(name: string): string {
  return name.split('/')[1] ?? '';
}

/** The last part of a resource name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

export function notFound(name: string): CloudError {
  return new CloudError('NOT_FOUND', `Resource not found (resource=${name}).`);
}

export function alreadyExists(name: string): CloudError {
  return new CloudError('ALREADY_EXISTS', `Resource already exists in the project (resource=${name}).`);
}
