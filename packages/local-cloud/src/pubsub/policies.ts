import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { Iam, NewPolicy, Policy } from '../iam.ts';
import { isSet } from './fields.ts';
import { type Collection, checkName, notFound } from './names.ts';

/** An IAM policy with the etag in bytes, as in the proto. */
type ProtoPolicy = Omit<Policy, 'etag'> & { readonly etag: Uint8Array };

interface PoliciesOptions {
  readonly iam: Iam;
  /** Whether a resource of the collection exists. */
  has(collection: Collection, name: string): boolean;
}

const COLLECTIONS: readonly Collection[] = ['topics', 'subscriptions', 'snapshots', 'schemas'];

/** The IAM policies of topics, subscriptions, snapshots and schemas. https://docs.cloud.google.com/pubsub/docs/access-control */
export class Policies {
  readonly #options: PoliciesOptions;

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  get(request: { resource?: string | null }): ProtoPolicy {
    return protoOf(this.#options.iam.policyOf(this.#find(request.resource)));
  }

  set(request: {
    resource?: string | null;
    policy?: (Omit<NewPolicy, 'etag'> & { etag?: Uint8Array | null }) | null;
    updateMask?: object | null;
  }): ProtoPolicy {
    const resource = this.#find(request.resource);
    const { policy } = request;
    if (!policy) throw new CloudError('INVALID_ARGUMENT', 'Invalid policy: set policy.');
    const etag = isSet(policy.etag?.byteLength) ? Buffer.from(policy.etag as Uint8Array) : undefined;
    return protoOf(this.#options.iam.setPolicy(resource, { ...policy, etag: etag?.toString('base64') }));
  }

  /** The permissions that the caller has, of those in the request. */
  test(
    request: { resource?: string | null; permissions?: readonly string[] | null },
    access: Pick<Access, 'holds'>,
  ): { permissions: string[] } {
    const resource = this.#find(request.resource);
    const permissions = request.permissions ?? [];
    const wrong = permissions.find((permission) => !/^pubsub\.[A-Za-z]+\.[A-Za-z]+$/.test(permission));
    if (wrong !== undefined) {
      throw new CloudError('INVALID_ARGUMENT', `Permission ${wrong} is not valid for this resource.`, {
        hint: 'expected a permission such as "pubsub.topics.publish", without a wildcard',
      });
    }
    return { permissions: permissions.filter((permission) => access.holds(permission, resource)) };
  }

  #find(name: string | null | undefined): string {
    const collection = COLLECTIONS.find((candidate) => candidate === name?.split('/')[2]);
    const resource = checkName(collection ?? 'topics', name);
    if (!this.#options.has(collection ?? 'topics', resource)) throw notFound(resource);
    return resource;
  }
}

function protoOf(policy: Policy): ProtoPolicy {
  return { ...policy, etag: Buffer.from(policy.etag, 'base64') };
}
