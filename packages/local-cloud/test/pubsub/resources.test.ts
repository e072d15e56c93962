import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, subscriptionName, textsOf, topicName, until } from './harness.ts';

const project = 'projects/local';

describe('topics', () => {
  it('are created, read, updated, listed and deleted', async () => {
    await using harness = await Harness.start();
    const { publisher } = harness;
    await publisher.createTopic({
      name: topicName('one'),
      labels: { team: 'data' },
      messageRetentionDuration: { seconds: 600 },
    });
    await publisher.createTopic({ name: topicName('two') });
    const [topic] = await publisher.updateTopic({
      topic: { name: topicName('one'), labels: { team: 'web' } },
      updateMask: { paths: ['labels'] },
    });
    expect(topic).toMatchObject({
      labels: { team: 'web' },
      messageRetentionDuration: { seconds: '600' },
      state: 'ACTIVE',
    });
    const [all] = await publisher.listTopics({ project });
    expect(all.map(({ name }) => name)).toEqual([topicName('one'), topicName('two')]);
    await publisher.deleteTopic({ topic: topicName('one') });
    expect(await errorOf(publisher.getTopic({ topic: topicName('one') }))).toMatchObject({
      code: 5,
      details: `Resource not found (resource=${topicName('one')}).`,
    });
    expect((await errorOf(publisher.createTopic({ name: topicName('two') }))).code).toBe(6);
  });

  it('leave their subscriptions and the backlogs behind when they are deleted', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    await harness.publisher.deleteTopic({ topic: topicName('records') });
    await harness.pubsub.createTopic({ name: topicName('records') });
    await harness.publish(['for the new topic']);
    const [subscription] = await harness.subscriber.getSubscription({
      subscription: subscriptionName('reader'),
    });
    expect(subscription.topic).toBe('_deleted-topic_');
    expect(textsOf(await harness.pull())).toEqual(['a']);
  });

  it('are listed in pages', async () => {
    await using harness = await Harness.start();
    for (let index = 0; index < 5; index++)
      await harness.pubsub.createTopic({ name: topicName(`topic-${index}`) });
    const first = await harness.pubsub.listTopics({ project, pageSize: 3 });
    expect(first.topics).toHaveLength(3);
    const second = await harness.pubsub.listTopics({ project, pageSize: 3, pageToken: first.nextPageToken });
    expect(second.topics.map(({ name }) => name)).toEqual([topicName('topic-3'), topicName('topic-4')]);
    expect(second.nextPageToken).toBe('');
    const foreign = ['topic-1', '"topic-1"', '["a","b"]'].map((text) =>
      Buffer.from(text).toString('base64url'),
    );
    for (const pageToken of ['of-nobody', ...foreign]) {
      const { code, message } = await errorOf(harness.pubsub.listTopics({ project, pageToken }));
      expect([code, message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining('Invalid page_token')]);
    }
  });

  it.each(['t1', 'goog-x', '1abc', 'a b', 'a/b', '', 'x'.repeat(256)])(
    'refuse the id "%s" and give the rule',
    async (id) => {
      await using harness = await Harness.start();
      const error = await errorOf(harness.pubsub.createTopic({ name: topicName(id) }));
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: `Invalid [topics] name: (name=${topicName(id)})`,
        hint: expect.stringContaining('an id has 3 to 255 letters, digits and - _ . ~ + %'),
      });
    },
  );

  it.each([
    ['kmsKeyName', 'k'],
    ['ingestionDataSourceSettings', { awsKinesis: { streamArn: 'a' } }],
    ['messageTransforms', [{ javascriptUdf: { functionName: 'f', code: 'x' } }]],
    ['tags', { a: 'b' }],
  ])('refuse %s, which is not emulated', async (field, value) => {
    await using harness = await Harness.start();
    const error = await errorOf(
      harness.publisher.createTopic({ name: topicName('records'), [field]: value }),
    );
    expect(error.code).toBe(12);
    expect(error.details).toContain(`Topic.${field} is not emulated`);
  });

  it.each([
    [
      'a retention below ten minutes',
      { messageRetentionDuration: { seconds: 599 } },
      'It must be between 600s and 2678400s.',
    ],
    ['an invalid label', { labels: { Team: 'x' } }, 'Invalid label "Team"'],
    [
      'a schema that does not exist',
      { schemaSettings: { schema: 'projects/local/schemas/none', encoding: 'JSON' } },
      'Schema not found',
    ],
    [
      'a schema without an encoding',
      { schemaSettings: { schema: 'projects/local/schemas/none' } },
      'It must be JSON or BINARY',
    ],
    ['a field that does not exist', { retention: 1 }, 'Unknown field "retention" in Topic.'],
  ])('refuse %s', async (_, topic, reason) => {
    await using harness = await Harness.start();
    expect(
      (await errorOf(harness.pubsub.createTopic({ name: topicName('records'), ...(topic as object) })))
        .message,
    ).toContain(reason);
  });

  it('refuse an update with an empty mask, an immutable field or an unknown field', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const update = (paths: string[]) =>
      errorOf(
        harness.publisher.updateTopic({ topic: { name: topicName('records') }, updateMask: { paths } }),
      );
    expect((await update([])).details).toContain('must contain a non-empty paths list');
    expect((await update(['name'])).details).toContain("'name' of a Topic cannot be changed");
    expect((await update(['state'])).details).toContain("'state' of a Topic cannot be changed");
    expect((await update(['colour'])).details).toContain("'colour' is not a known Topic field");
  });

  it('refuse an update of a field that is not emulated, with the reason', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const topic = { name: topicName('records'), messageTransforms: [{ disabled: true }] };
    const updateMask = { paths: ['message_transforms'] };
    const { code, details } = await errorOf(harness.publisher.updateTopic({ topic, updateMask }));
    expect([code, details]).toEqual([
      12,
      expect.stringContaining('Topic.messageTransforms is not emulated: message transforms (SMTs) are not'),
    ]);
  });
});

describe('subscriptions', () => {
  it('get Google’s defaults', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const [subscription] = await harness.subscriber.getSubscription({
      subscription: subscriptionName('reader'),
    });
    expect(subscription).toMatchObject({
      topic: topicName('records'),
      ackDeadlineSeconds: 10,
      messageRetentionDuration: { seconds: '604800' },
      expirationPolicy: { ttl: { seconds: '2678400' } },
      retryPolicy: null,
      state: 'ACTIVE',
      detached: false,
    });
  });

  it('never expire with an expiration policy without ttl, and get both default bounds of a retry policy', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const [subscription] = await harness.subscriber.createSubscription({
      name: subscriptionName('reader'),
      topic: topicName('records'),
      expirationPolicy: {},
      retryPolicy: {},
    });
    expect(subscription.expirationPolicy).toEqual({ ttl: null });
    expect(subscription.retryPolicy).toEqual({
      minimumBackoff: { seconds: '10', nanos: 0 },
      maximumBackoff: { seconds: '600', nanos: 0 },
    });
  });

  it('apply an update at once', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ ackDeadlineSeconds: 10 });
    await harness.subscriber.updateSubscription({
      subscription: { name: subscriptionName('reader'), ackDeadlineSeconds: 60, labels: { a: 'b' } },
      updateMask: { paths: ['ack_deadline_seconds'] },
    });
    await harness.publish(['a']);
    await harness.pull();
    await harness.clock.advance(59_000);
    expect(await harness.pull()).toEqual([]);
    const [subscription] = await harness.subscriber.getSubscription({
      subscription: subscriptionName('reader'),
    });
    expect(subscription.labels).toEqual({});
  });

  it.each([
    ['pushConfig', { pushEndpoint: 'https://example.com' }],
    ['cloudStorageConfig', { bucket: 'b' }],
    ['bigtableConfig', { table: 't' }],
    ['messageTransforms', [{ disabled: true }]],
    ['tags', { a: 'b' }],
  ])('refuse %s, which is not emulated, on creation and update', async (field, value) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const topic = topicName('records');
    const created = await errorOf(
      harness.subscriber.createSubscription({ name: subscriptionName('other'), topic, [field]: value }),
    );
    const path = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const changed = await errorOf(
      harness.subscriber.updateSubscription({
        subscription: { name: subscriptionName('reader'), [field]: value },
        updateMask: { paths: [path] },
      }),
    );
    for (const error of [created, changed]) {
      expect(error.code).toBe(12);
      expect(error.details).toContain(`Subscription.${field} is not emulated`);
    }
  });

  it('accept an empty push config, which means pull', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    await harness.client.topic('records').createSubscription('reader', { pushConfig: {} });
  });

  it.each([
    ['a topic that does not exist', { topic: topicName('missing') }, 5],
    ['an ack deadline of 9 seconds', { ackDeadlineSeconds: 9 }, 3],
    ['an ack deadline of 601 seconds', { ackDeadlineSeconds: 601 }, 3],
    ['a retention above 31 days', { messageRetentionDuration: { seconds: 31 * 86_400 + 1 } }, 3],
    ['an expiration below a day', { expirationPolicy: { ttl: { seconds: 3_600 } } }, 3],
    ['a backoff above ten minutes', { retryPolicy: { maximumBackoff: { seconds: 601 } } }, 3],
    [
      'a minimum backoff above the maximum',
      { retryPolicy: { minimumBackoff: { seconds: 20 }, maximumBackoff: { seconds: 10 } } },
      3,
    ],
  ])('refuse %s', async (_, subscription, code) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const request = { name: subscriptionName('other'), topic: topicName('records'), ...subscription };
    expect((await errorOf(harness.subscriber.createSubscription(request))).code).toBe(code);
  });

  it('lose their backlog and receive no messages once detached', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    await harness.publisher.detachSubscription({ subscription: subscriptionName('reader') });
    await harness.publish(['b']);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
    const [subscription] = await harness.subscriber.getSubscription({
      subscription: subscriptionName('reader'),
    });
    expect(subscription.detached).toBe(true);
  });

  it('are listed by project and by topic', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.topicWith({}, 'other', 'another');
    const [all] = await harness.subscriber.listSubscriptions({ project });
    expect(all.map(({ name }) => name)).toEqual([subscriptionName('another'), subscriptionName('reader')]);
    const [ofTopic] = await harness.publisher.listTopicSubscriptions({ topic: topicName('other') });
    expect(ofTopic).toEqual([subscriptionName('another')]);
  });
});

describe('seek', () => {
  const at = (millis: number) => ({ seconds: Math.floor(millis / 1e3) });
  const seek = (harness: Harness, millis: number) =>
    harness.subscriber.seek({ subscription: subscriptionName('reader'), time: at(millis) });

  it('forwards acknowledges the messages published before', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['old']);
    await harness.pull();
    await harness.clock.advance(60_000);
    await harness.publish(['new']);
    await seek(harness, harness.clock.now());
    expect(textsOf(await harness.pull())).toEqual(['new']);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(1);
  });

  it('backwards redelivers acknowledged messages that the subscription retains', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ retainAckedMessages: true });
    await harness.publish(['first']);
    await harness.clock.advance(60_000);
    const start = harness.clock.now();
    await harness.publish(['second', 'third']);
    await harness.ack(await harness.pull());
    await seek(harness, start);
    expect(textsOf(await harness.pull())).toEqual(['second', 'third']);
  });

  it('backwards delivers messages that the topic retains, also to later subscriptions and through their filters', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({
      name: topicName('records'),
      messageRetentionDuration: { seconds: 3_600 },
    });
    const start = harness.clock.now();
    await harness.publish(['good'], 'records', { attributes: { kind: 'good' } });
    await harness.publish(['bad'], 'records', { attributes: { kind: 'bad' } });
    await harness.topicWith({ filter: 'attributes.kind = "good"' });
    await seek(harness, start);
    expect(textsOf(await harness.pull())).toEqual(['good']);
    await harness.clock.advance(3_660_000);
    await seek(harness, start);
    await until(async () => (await harness.pull()).length === 0);
  });

  it('redelivers no acknowledged message that is not retained', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.publish(['a']);
    await harness.ack(await harness.pull());
    await seek(harness, 0);
    expect(await harness.pull()).toEqual([]);
  });
});
