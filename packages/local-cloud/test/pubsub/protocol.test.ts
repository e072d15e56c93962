import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Harness, subscriptionName, topicName } from './harness.ts';

// Object literals cannot have such own keys: they come from JSON.
const ATTRIBUTES = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;

describe('attributes with names of JavaScript', () => {
  it('arrive over gRPC', async () => {
    await using harness = await Harness.start();
    await harness.publisher.createTopic({ name: topicName('records') });
    await harness.subscriber.createSubscription({
      name: subscriptionName('reader'),
      topic: topicName('records'),
    });
    await harness.publisher.publish({ topic: topicName('records'), messages: [{ attributes: ATTRIBUTES }] });
    const [{ receivedMessages }] = await harness.subscriber.pull({
      subscription: subscriptionName('reader'),
      maxMessages: 1,
    });
    const attributes = receivedMessages?.[0]?.message?.attributes ?? {};
    expect(Object.entries(attributes).sort()).toEqual(Object.entries(ATTRIBUTES).sort());
  });

  it('arrive over REST', async () => {
    await using harness = await Harness.start();
    await harness.publisher.createTopic({ name: topicName('records') });
    await harness.subscriber.createSubscription({
      name: subscriptionName('reader'),
      topic: topicName('records'),
    });
    const published = await post(harness, 'topics/records:publish', {
      messages: [{ attributes: ATTRIBUTES }],
    });
    expect(published.status).toBe(200);
    const pulled = await post(harness, 'subscriptions/reader:pull', { maxMessages: 1 });
    const { receivedMessages } = (await pulled.json()) as {
      receivedMessages: { message: { attributes: object } }[];
    };
    const attributes = receivedMessages[0]?.message.attributes ?? {};
    expect(Object.entries(attributes).sort()).toEqual(Object.entries(ATTRIBUTES).sort());
  });

  it('are filtered by their own values only', async () => {
    await using harness = await Harness.start();
    await harness.publisher.createTopic({ name: topicName('records') });
    for (const [id, filter] of [
      ['has', 'attributes:constructor'],
      ['equals', 'attributes.toString = "c"'],
      ['starts', 'hasPrefix(attributes.constructor, "b")'],
      ['differs', 'attributes.valueOf != "c"'],
    ] as const) {
      await harness.subscriber.createSubscription({
        name: subscriptionName(id),
        topic: topicName('records'),
        filter,
      });
    }
    const data = Buffer.from('x');
    await harness.publisher.publish({
      topic: topicName('records'),
      messages: [{ data }, { data, attributes: ATTRIBUTES }],
    });
    const sizes = ['has', 'equals', 'starts', 'differs'].map((id) =>
      harness.pubsub.backlogSize({ subscription: subscriptionName(id) }),
    );
    expect(await Promise.all(sizes)).toEqual([1, 1, 1, 2]);
  });
});

it('a field with a name of JavaScript is unknown', async () => {
  await using harness = await Harness.start();
  await harness.publisher.createTopic({ name: topicName('records') });
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const body of [`{"${name}":"a"}`, `{"messages":[{"${name}":"a"}]}`]) {
      const response = await post(harness, 'topics/records:publish', body);
      expect([name, response.status]).toEqual([name, 400]);
      expect(await response.text()).toContain(`${name}\\": cannot find field`);
    }
    const response = await post(harness, `topics/records:publish?${name}=a`, {});
    expect([name, response.status]).toEqual([name, 400]);
  }
});

it.each([1, 2, 3, 10, 23])(
  'an HTTP/2 preface that is split after %i bytes is answered as HTTP/2',
  async (length) => {
    await using harness = await Harness.start();
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const settings = Buffer.from('000000040000000000', 'hex');
    const socket = connect(harness.server.port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    socket.write(preface.subarray(0, length));
    // The server reads the first part before it answers this.
    await post(harness, 'topics/nothing:publish', {});
    socket.write(Buffer.concat([preface.subarray(length), settings]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    // The type of the first frame of the server: SETTINGS.
    expect(answer[3]).toBe(4);
    socket.destroy();
  },
);

function post(harness: Harness, path: string, body: unknown): Promise<Response> {
  return fetch(`http://${harness.server.host}/v1/projects/local/${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
