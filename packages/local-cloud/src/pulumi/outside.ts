import { CloudError } from '../errors.ts';
import type { Grant } from '../iam.ts';
import type { Cloud } from './cloud.ts';
import type { Outside } from './order-proof.ts';
import type { Program } from './program.ts';

/** What exists in the cloud without this stack. */
export class CloudOutside implements Outside {
  readonly #cloud: Cloud;
  readonly #program: Program;
  readonly #urnPrefix: string;
  readonly #known: ReadonlySet<string>;

  /** `known`: resource names that the last deployment of this stack made. */
  constructor(cloud: Cloud, program: Program, urnPrefix: string, known: ReadonlySet<string>) {
    this.#cloud = cloud;
    this.#program = program;
    this.#urnPrefix = urnPrefix;
    this.#known = known;
  }

  get grants(): readonly Grant[] {
    return this.#cloud.iam.grants().filter(({ declaredBy }) => !declaredBy?.startsWith(this.#urnPrefix));
  }

  async has(resourceName: string): Promise<boolean> {
    // A resource of this stack may not exist yet, or be deleted at the end of this run.
    const isOurs = this.#program.resources().some((resource) => resource.resourceName === resourceName);
    if (isOurs || this.#known.has(resourceName)) return false;
    try {
      return await exists(this.#cloud, resourceName);
    } catch (error) {
      if (error instanceof CloudError && ['NOT_FOUND', 'INVALID_ARGUMENT'].includes(error.code)) return false;
      throw error;
    }
  }
}

async function exists({ bigquery, pubsub, cloudRun, secrets }: Cloud, name: string): Promise<boolean> {
  const [, , collection, id = '', child, childId = ''] = name.split('/');
  switch (collection) {
    case 'datasets':
      await (child === 'tables' ? bigquery.getTable(id, childId) : bigquery.getDataset(id));
      return true;
    case 'topics':
      await pubsub.getTopic({ topic: name });
      return true;
    case 'subscriptions':
      await pubsub.getSubscription({ subscription: name });
      return true;
    case 'schemas':
      await pubsub.getSchema({ name });
      return true;
    case 'secrets':
      return secrets.has(id);
    case 'locations':
      return cloudRun.has(childId);
    default:
      return false;
  }
}
