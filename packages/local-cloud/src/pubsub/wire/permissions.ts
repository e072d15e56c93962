import { type Access, grantHint } from '../../callers.ts';
import { CloudError } from '../../errors.ts';

/** A permission and the field of the request that names the resource; `project of FIELD` is the project above it. */
type Need = readonly [permission: string, field: string];

const CONSUME: Need = ['pubsub.subscriptions.consume', 'subscription'];

/**
 * What an RPC requires. A field that the request leaves out requires nothing.
 * https://docs.cloud.google.com/pubsub/docs/access-control#required_permissions
 */
const NEEDS: Readonly<Record<string, readonly Need[]>> = {
  CreateTopic: [
    ['pubsub.topics.create', 'project of name'],
    ['pubsub.schemas.attach', 'schemaSettings.schema'],
  ],
  UpdateTopic: [
    ['pubsub.topics.update', 'topic.name'],
    ['pubsub.schemas.attach', 'topic.schemaSettings.schema'],
  ],
  Publish: [['pubsub.topics.publish', 'topic']],
  GetTopic: [['pubsub.topics.get', 'topic']],
  ListTopics: [['pubsub.topics.list', 'project']],
  ListTopicSubscriptions: [['pubsub.topics.get', 'topic']],
  ListTopicSnapshots: [['pubsub.topics.get', 'topic']],
  DeleteTopic: [['pubsub.topics.delete', 'topic']],
  DetachSubscription: [['pubsub.topics.detachSubscription', 'project of subscription']],
  CreateSubscription: [
    ['pubsub.subscriptions.create', 'project of name'],
    ['pubsub.topics.attachSubscription', 'topic'],
  ],
  GetSubscription: [['pubsub.subscriptions.get', 'subscription']],
  UpdateSubscription: [['pubsub.subscriptions.update', 'subscription.name']],
  ListSubscriptions: [['pubsub.subscriptions.list', 'project']],
  DeleteSubscription: [['pubsub.subscriptions.delete', 'subscription']],
  ModifyPushConfig: [['pubsub.subscriptions.update', 'subscription']],
  Acknowledge: [CONSUME],
  ModifyAckDeadline: [CONSUME],
  Pull: [CONSUME],
  StreamingPull: [CONSUME],
  Seek: [CONSUME, ['pubsub.snapshots.seek', 'snapshot']],
  CreateSnapshot: [['pubsub.snapshots.create', 'project of name'], CONSUME],
  GetSnapshot: [['pubsub.snapshots.get', 'snapshot']],
  ListSnapshots: [['pubsub.snapshots.list', 'project']],
  UpdateSnapshot: [['pubsub.snapshots.update', 'snapshot.name']],
  DeleteSnapshot: [['pubsub.snapshots.delete', 'snapshot']],
  CreateSchema: [['pubsub.schemas.create', 'parent']],
  GetSchema: [['pubsub.schemas.get', 'name']],
  ListSchemas: [['pubsub.schemas.list', 'parent']],
  ListSchemaRevisions: [['pubsub.schemas.listRevisions', 'name']],
  CommitSchema: [['pubsub.schemas.commit', 'name']],
  RollbackSchema: [['pubsub.schemas.rollback', 'name']],
  DeleteSchemaRevision: [['pubsub.schemas.delete', 'name']],
  DeleteSchema: [['pubsub.schemas.delete', 'name']],
  ValidateSchema: [['pubsub.schemas.validate', 'parent']],
  ValidateMessage: [['pubsub.schemas.validate', 'parent']],
  TestIamPermissions: [],
};

/** Throws PERMISSION_DENIED, or UNIMPLEMENTED for an RPC whose permissions are not known here. */
export function authorize(access: Access, rpc: string, request: object): void {
  if (access.member === undefined) return;
  const needs = Object.hasOwn(NEEDS, rpc) ? NEEDS[rpc] : policyNeeds(rpc, request);
  if (!needs) {
    throw new CloudError('UNIMPLEMENTED', `${rpc} is not emulated for ${access.member}.`, {
      hint: 'call without a token to act as the developer',
    });
  }
  for (const [permission, field] of needs) {
    const resource = resourceAt(request, field);
    if (resource === undefined || access.allows(permission, resource)) continue;
    throw new CloudError('PERMISSION_DENIED', 'User not authorized to perform this action.', {
      hint: grantHint(access.member, permission, resource),
    });
  }
}

/** IAM's methods require a permission of the resource's own collection. */
function policyNeeds(rpc: string, request: object): readonly Need[] | undefined {
  if (rpc !== 'GetIamPolicy' && rpc !== 'SetIamPolicy') return undefined;
  const [, , collection] = (resourceAt(request, 'resource') ?? '').split('/');
  const verb = rpc === 'GetIamPolicy' ? 'getIamPolicy' : 'setIamPolicy';
  return [[`pubsub.${collection}.${verb}`, 'resource']];
}

function resourceAt(request: object, path: string): string | undefined {
  const [field = '', ofProject] = path.split(' of ').reverse();
  const value = field
    .split('.')
    .reduce<unknown>(
      (object, name) =>
        typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined,
      request,
    );
  if (typeof value !== 'string' || value === '') return undefined;
  // The policy of a schema covers its revisions.
  return ofProject ? value.split('/').slice(0, 2).join('/') : value.replace(/@[^/]*$/, '');
}
