import { type Access, grantHint } from '../../callers.ts';
import { CloudError } from '../../errors.ts';

interface Need {
  readonly permission: string;
  /** The field of the request that names the resource. */
  readonly field: 'topic' | 'subscription';
}

const CONSUME: Need = { permission: 'pubsub.subscriptions.consume', field: 'subscription' };

/** Which permission an RPC asks for, and on what. https://docs.cloud.google.com/pubsub/docs/access-control#required_permissions */
const NEEDS: Readonly<Record<string, Need>> = {
  Publish: { permission: 'pubsub.topics.publish', field: 'topic' },
  Acknowledge: CONSUME,
  ModifyAckDeadline: CONSUME,
  Pull: CONSUME,
  StreamingPull: CONSUME,
  Seek: CONSUME,
};

/** Throws PERMISSION_DENIED, and UNIMPLEMENTED for an RPC whose permission is not known here. */
export function authorize(access: Access, rpc: string, request: object): void {
  if (access.member === undefined) return;
  const need = NEEDS[rpc];
  if (!need) {
    throw new CloudError('UNIMPLEMENTED', `${rpc} by ${access.member} is not emulated.`, {
      hint: 'of an account, the local cloud knows the permissions to publish and to consume',
    });
  }
  const { permission, field } = need;
  const resource = String(Reflect.get(request, field) ?? '');
  if (access.allows(permission, resource)) return;
  throw new CloudError('PERMISSION_DENIED', 'User not authorized to perform this action.', {
    hint: grantHint(access.member, permission, resource),
  });
}
