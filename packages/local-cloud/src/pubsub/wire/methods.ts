import type { Access } from '../../callers.ts';
import { CloudError } from '../../errors.ts';
import type { PubSub } from '../pubsub.ts';
import type { ServiceName } from './protos.ts';

/**
 * Implements an RPC. Request and response are plain objects; undefined is an empty response. `over` is aborted when the client
 * has its answer, or is gone.
 */
type Handler = (pubsub: PubSub, request: never, over: AbortSignal, access: Access) => Promise<unknown>;

/** Every unary RPC of Pub/Sub. */
const METHODS: Readonly<Record<ServiceName, Readonly<Record<string, Handler>>>> = {
  Publisher: {
    CreateTopic: (pubsub, request) => pubsub.createTopic(request),
    UpdateTopic: (pubsub, request) => pubsub.updateTopic(request),
    Publish: (pubsub, request, over) => pubsub.publish(request, over),
    GetTopic: (pubsub, request) => pubsub.getTopic(request),
    ListTopics: (pubsub, request) => pubsub.listTopics(request),
    ListTopicSubscriptions: (pubsub, request) => pubsub.listTopicSubscriptions(request),
    ListTopicSnapshots: (pubsub, request) => pubsub.listTopicSnapshots(request),
    DeleteTopic: (pubsub, request) => pubsub.deleteTopic(request),
    DetachSubscription: (pubsub, request) => pubsub.detachSubscription(request),
  },
  Subscriber: {
    CreateSubscription: (pubsub, request) => pubsub.createSubscription(request),
    GetSubscription: (pubsub, request) => pubsub.getSubscription(request),
    UpdateSubscription: (pubsub, request) => pubsub.updateSubscription(request),
    ListSubscriptions: (pubsub, request) => pubsub.listSubscriptions(request),
    DeleteSubscription: (pubsub, request) => pubsub.deleteSubscription(request),
    ModifyAckDeadline: (pubsub, request) => pubsub.modifyAckDeadline(request),
    Acknowledge: (pubsub, request) => pubsub.acknowledge(request),
    Pull: (pubsub, request, over) => pubsub.pull(request, over),
    ModifyPushConfig: (pubsub, request) => pubsub.modifyPushConfig(request),
    GetSnapshot: (pubsub, request) => pubsub.getSnapshot(request),
    ListSnapshots: (pubsub, request) => pubsub.listSnapshots(request),
    CreateSnapshot: (pubsub, request) => pubsub.createSnapshot(request),
    UpdateSnapshot: (pubsub, request) => pubsub.updateSnapshot(request),
    DeleteSnapshot: (pubsub, request) => pubsub.deleteSnapshot(request),
    Seek: (pubsub, request) => pubsub.seek(request),
  },
  SchemaService: {
    CreateSchema: (pubsub, request) => pubsub.createSchema(request),
    GetSchema: (pubsub, request) => pubsub.getSchema(request),
    ListSchemas: (pubsub, request) => pubsub.listSchemas(request),
    ListSchemaRevisions: (pubsub, request) => pubsub.listSchemaRevisions(request),
    CommitSchema: (pubsub, request) => pubsub.commitSchema(request),
    RollbackSchema: (pubsub, request) => pubsub.rollbackSchema(request),
    DeleteSchemaRevision: (pubsub, request) => pubsub.deleteSchemaRevision(request),
    DeleteSchema: (pubsub, request) => pubsub.deleteSchema(request),
    ValidateSchema: (pubsub, request) => pubsub.validateSchema(request),
    ValidateMessage: (pubsub, request) => pubsub.validateMessage(request),
  },
  IAMPolicy: {
    GetIamPolicy: (pubsub, request) => pubsub.getIamPolicy(request),
    SetIamPolicy: (pubsub, request) => pubsub.setIamPolicy(request),
    TestIamPermissions: (pubsub, request, _, access) => pubsub.testIamPermissions(request, access),
  },
};

/** The handler of an RPC. One for an RPC of a newer client throws UNIMPLEMENTED. */
export function handlerOf(service: ServiceName, name: string): Handler {
  const handler = METHODS[service][name];
  if (handler) return handler;
  return async () => {
    throw new CloudError('UNIMPLEMENTED', `${service}.${name} is not emulated.`);
  };
}

/** The response for a handler's result. */
export function answerOf(result: unknown): object {
  return typeof result === 'object' && result !== null ? result : {};
}
