import type { BigQuery } from '../bigquery/bigquery.ts';
import type { PubSub } from '../pubsub/pubsub.ts';
import type { Metric, Sample } from './exposition.ts';

/**
 * This cloud's metrics, as Cloud Monitoring has them. The number of series grows with topics (one per result of a publish
 * request) and subscriptions, not with messages. https://docs.cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub
 */
export function cloudMetrics(pubsub: PubSub, bigquery: BigQuery): Metric[] {
  const { topics, subscriptions } = pubsub.measurements();
  const { bytesProcessed, bytesBilled } = bigquery.usage();
  const project = { monitored_resource: 'global', project_id: bigquery.projectId };
  const ofProject = (value: number): Sample[] => [{ labels: project, value }];
  const ofSubscriptions = (read: (subscription: (typeof subscriptions)[number]) => number): Sample[] =>
    subscriptions.map((subscription) => ({
      labels: {
        monitored_resource: 'pubsub_subscription',
        project_id: subscription.projectId,
        subscription_id: subscription.id,
      },
      value: read(subscription),
    }));
  return [
    {
      type: 'pubsub.googleapis.com/topic/send_request_count',
      kind: 'counter',
      help: 'Publish requests by result.',
      samples: topics.flatMap(({ id, projectId, requests }) =>
        Array.from(requests, ([code, value]) => ({
          labels: {
            monitored_resource: 'pubsub_topic',
            project_id: projectId,
            topic_id: id,
            response_code: code,
          },
          value,
        })),
      ),
    },
    {
      type: 'pubsub.googleapis.com/subscription/num_undelivered_messages',
      kind: 'gauge',
      help: 'Unacknowledged messages.',
      samples: ofSubscriptions(({ backlog }) => backlog),
    },
    {
      type: 'pubsub.googleapis.com/subscription/oldest_unacked_message_age',
      kind: 'gauge',
      help: 'Age of the oldest unacknowledged message in seconds; 0 without a backlog.',
      samples: ofSubscriptions(({ oldestAgeSeconds }) => oldestAgeSeconds),
    },
    {
      type: 'pubsub.googleapis.com/subscription/ack_message_count',
      kind: 'counter',
      help: 'Messages acknowledged, or written to the table of the subscription.',
      samples: ofSubscriptions(({ acknowledged }) => acknowledged),
    },
    {
      type: 'pubsub.googleapis.com/subscription/dead_letter_message_count',
      kind: 'counter',
      help: 'Messages forwarded to the dead-letter topic.',
      samples: ofSubscriptions(({ deadLettered }) => deadLettered),
    },
    {
      type: 'bigquery.googleapis.com/query/scanned_bytes',
      kind: 'counter',
      help: 'Bytes scanned by queries.',
      samples: ofProject(bytesProcessed),
    },
    {
      type: 'bigquery.googleapis.com/query/scanned_bytes_billed',
      kind: 'counter',
      help: 'Bytes billed for queries.',
      samples: ofProject(bytesBilled),
    },
  ];
}
