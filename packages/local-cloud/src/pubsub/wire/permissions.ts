import { type Access, grantHint } from '../../callers.ts';
import { CloudError } from '../../errors.ts';

interface Need {
  readonly permission: string;
  /** The field of the request that names the resource. */
  readonly field: 'topic' | 'subscription';
}

const CONSUME: Need = { permission: 'pubsub.subscriptions.consume', field: 'subscription' };

/** The permission that an RPC requires, and the resource. https://docs.cloud.google.com/pubsub/docs/access-control#required_permissions */
const NEEDS: Readonly<Record<string, Need>> = {
  Publish: { permission: 'pubsub.topics.publish', field: 'topic' },
  Acknowledge: CONSUME,
  ModifyAckDeadline: CONSUME,
  Pull: CONSUME,
  StreamingPull: CONSUME,
  Seek: CONSUME,
};

/** Throws PERMISSION_DENIED, or UNIMPLEMENTED when the required permission is unknown here. */
export function authorize(access: Access, rpc: string, request: object): void {
  if (access.member === undefined) return;
  const need = NEEDS[rpc];
  if (!need) {
    throw new CloudError('UNIMPLEMENTED', `${rpc} is not emulated for ${access.member}.`, {
      hint: 'service accounts may only publish and consume here; call without a token to act as the developer',
    });
  }
  const { permission, field } = need;
  const resource = String(Reflect.get(request, field) ?? '');
  if (access.allows(permission, resource)) return;
  throw new CloudError('PERMISSION_DENIED', 'User not authorized to perform this action.', {
    hint: grantHint(access.member, permission, resource),
  });
}
