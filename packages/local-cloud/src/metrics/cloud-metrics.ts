import type { BigQuery } from '../bigquery/bigquery.ts';
import type { PubSub } from '../pubsub/pubsub.ts';
import type { Metric, Sample } from './exposition.ts';

/**
 * What Cloud Monitoring would know of this cloud. There are as many series as topics and subscriptions, times the results that
 * a publish request can have. https://docs.cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub
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
      help: 'Publish requests, by their result.',
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
      help: 'Messages that are not acknowledged.',
      samples: ofSubscriptions(({ backlog }) => backlog),
    },
    {
      type: 'pubsub.googleapis.com/subscription/oldest_unacked_message_age',
      kind: 'gauge',
      help: 'Seconds since the oldest message that is not acknowledged was published; 0 when there is none.',
      samples: ofSubscriptions(({ oldestAgeSeconds }) => oldestAgeSeconds),
    },
    {
      type: 'pubsub.googleapis.com/subscription/ack_message_count',
      kind: 'counter',
      help: 'Messages that were acknowledged, or written to the table of the subscription.',
      samples: ofSubscriptions(({ acknowledged }) => acknowledged),
    },
    {
      type: 'pubsub.googleapis.com/subscription/dead_letter_message_count',
      kind: 'counter',
      help: 'Messages that were forwarded to the dead-letter topic.',
      samples: ofSubscriptions(({ deadLettered }) => deadLettered),
    },
    {
      type: 'bigquery.googleapis.com/query/scanned_bytes',
      kind: 'counter',
      help: 'Bytes that queries scanned.',
      samples: ofProject(bytesProcessed),
    },
    {
      type: 'bigquery.googleapis.com/query/scanned_bytes_billed',
      kind: 'counter',
      help: 'Bytes that queries were billed for.',
      samples: ofProject(bytesBilled),
    },
  ];
}
