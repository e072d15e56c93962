import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../src/clock.ts';
import { LocalCloud } from '../src/local-cloud.ts';
import { exposition, prometheusName } from '../src/metrics/exposition.ts';
import { CONSUME, errorOf, Harness, PUBLISH, subscriptionName, topicName } from './pubsub/harness.ts';

async function readerOf({ pubsub }: Harness) {
  const found = pubsub.measurements().subscriptions.find(({ id }) => id === 'reader');
  if (!found) throw new Error('no subscription "reader"');
  return found;
}

describe('Pub/Sub metrics', () => {
  it('counts publish requests by result, and starts the common results at zero', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const requests = () => Object.fromEntries(harness.pubsub.measurements().topics[0]?.requests ?? []);
    expect(requests()).toEqual({ success: 0, invalid_argument: 0, internal: 0 });
    await harness.publish(['a', 'b']);
    await harness.publish(['c']);
    await errorOf(harness.publish(['']));
    expect(requests()).toEqual({ success: 2, invalid_argument: 1, internal: 0 });
  });

  it('counts each acknowledged message once, and measures the backlog and its age', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a', 'b', 'c']);
    await harness.clock.advance(5_000);
    const pulled = await harness.pull('reader', 2);
    await harness.ack(pulled);
    await harness.ack(pulled);
    expect(await readerOf(harness)).toEqual({
      projectId: 'local',
      id: 'reader',
      backlog: 1,
      oldestAgeSeconds: 5,
      acknowledged: 2,
      deadLettered: 0,
    });
  });

  it('counts dead letters apart from acknowledged messages', async () => {
    await using harness = await Harness.start();
    harness.iam.grant(PUBLISH);
    harness.iam.grant(CONSUME);
    await harness.topicWith({}, 'dead', 'graveyard');
    await harness.topicWith({
      deadLetterPolicy: { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 },
    });
    await harness.publish(['poison', 'more of it']);
    for (let attempt = 1; attempt <= 5; attempt++) await harness.modify(await harness.pull(), 0);
    expect(await readerOf(harness)).toMatchObject({ backlog: 0, acknowledged: 0, deadLettered: 2 });
  });

  it('drops the series of a deleted subscription', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.pubsub.deleteSubscription({ subscription: subscriptionName('reader') });
    expect(harness.pubsub.measurements().subscriptions).toEqual([]);
  });
});

describe('the metrics endpoint', () => {
  it('serves the text format of Prometheus under the PromQL names of Cloud Monitoring', async () => {
    const clock = new FakeClock();
    await using cloud = await LocalCloud.create({ projectId: 'test', location: 'l', clock });
    const topic = 'projects/test/topics/orders';
    await cloud.pubsub.createTopic({ name: topic });
    await cloud.pubsub.createSubscription({ name: 'projects/test/subscriptions/shop', topic });
    await cloud.pubsub.publish({ topic, messages: [{ data: Buffer.from('a') }] });
    await cloud.bigquery.query({ query: 'SELECT 1', useLegacySql: false });
    await clock.advance(1_500);
    const response = await fetch(cloud.metricsUrl);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const shop = '{monitored_resource="pubsub_subscription",project_id="test",subscription_id="shop"}';
    expect(text).toContain(
      '# TYPE pubsub_googleapis_com:topic_send_request_count counter\n' +
        'pubsub_googleapis_com:topic_send_request_count{monitored_resource="pubsub_topic",project_id="test",topic_id="orders",response_code="success"} 1\n',
    );
    expect(text).toContain(`pubsub_googleapis_com:subscription_num_undelivered_messages${shop} 1\n`);
    expect(text).toContain(`pubsub_googleapis_com:subscription_oldest_unacked_message_age${shop} 1.5\n`);
    expect(text).toContain(
      'bigquery_googleapis_com:query_scanned_bytes_billed{monitored_resource="global",project_id="test"} 0\n',
    );
    expect((await fetch(new URL('/', cloud.metricsUrl))).status).toBe(404);
  });

  it('escapes label values', () => {
    const type = 'a.b/c/d';
    expect(prometheusName(type)).toBe('a_b:c_d');
    const samples = [{ labels: { id: 'a"b\\c\nd' }, value: 1 }];
    expect(exposition([{ type, kind: 'gauge', help: 'Something.', samples }])).toBe(
      '# HELP a_b:c_d Something.\n# TYPE a_b:c_d gauge\na_b:c_d{id="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});
