import { Type } from '@sinclair/typebox';
import { grantType } from './grant.ts';
import { subscriptionName } from './pubsub-subscription.ts';
import { topicName } from './pubsub-topic.ts';

export const topicGrant = grantType({
  target: { topic: Type.String() },
  resource: ({ topic = '' }, { project }) => topicName(project, topic),
  property: 'topic',
});

export const subscriptionGrant = grantType({
  target: { subscription: Type.String() },
  resource: ({ subscription = '' }, { project }) => subscriptionName(project, subscription),
  property: 'subscription',
});
