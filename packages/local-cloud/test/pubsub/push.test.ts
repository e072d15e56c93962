import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { FakeClock } from '../../src/clock.ts';
import type { Subscription } from '../../src/pubsub/resources.ts';
import {
  CONSUME,
  errorOf,
  Harness,
  PUBLISH,
  subscriptionName,
  textsOf,
  topicName,
  until,
} from './harness.ts';

interface Pushed {
  readonly message: { readonly data?: string; readonly messageId: string };
  readonly subscription: string;
  readonly deliveryAttempt?: number;
}

/** An endpoint that answers with the status of each message, given by its text; `hang` gives no answer. */
class Endpoint implements AsyncDisposable {
  readonly pushed: Pushed[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly statuses: Record<string, number | 'hang'>;
  readonly #server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const pushed = JSON.parse(text) as Pushed;
    this.pushed.push(pushed);
    this.headers.push(request.headers);
    const status = this.statuses[textIn(pushed)] ?? 204;
    if (status !== 'hang') response.writeHead(status, { location: 'http://example.com' }).end();
  });

  private constructor(statuses: Record<string, number | 'hang'>) {
    this.statuses = statuses;
  }

  static async open(statuses: Record<string, number | 'hang'> = {}): Promise<Endpoint> {
    const endpoint = new Endpoint(statuses);
    await once(endpoint.#server.listen(0, '127.0.0.1'), 'listening');
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/push`;
  }

  get texts(): string[] {
    return this.pushed.map(textIn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const textIn = ({ message }: Pushed) => Buffer.from(message.data ?? '', 'base64').toString();

const backlog = (harness: Harness) =>
  harness.pubsub.backlogSize({ subscription: subscriptionName('reader') });

async function pushing(endpoint: Endpoint, subscription: Subscription = {}): Promise<Harness> {
  const harness = await Harness.start();
  await harness.topicWith({ ...subscription, pushConfig: { pushEndpoint: endpoint.url } });
  return harness;
}

/** Advances the clock until the condition holds. */
async function untilWith(clock: FakeClock, holds: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    await clock.advance(100);
    return holds();
  });
}

describe('a push subscription', () => {
  it('posts each message in the format of Pub/Sub, and acknowledges it by a success', async () => {
    await using endpoint = await Endpoint.open();
    await using harness = await pushing(endpoint);
    const [id = ''] = await harness.publish(['hola'], 'records', {
      attributes: { a: 'b' },
      orderingKey: 'k',
    });
    await until(async () => (await backlog(harness)) === 0);
    expect(endpoint.pushed).toEqual([
      {
        message: {
          attributes: { a: 'b' },
          data: 'aG9sYQ==',
          messageId: id,
          message_id: id,
          orderingKey: 'k',
          publishTime: '2026-01-01T00:00:00.000Z',
          publish_time: '2026-01-01T00:00:00.000Z',
        },
        subscription: subscriptionName('reader'),
      },
    ]);
    expect(endpoint.headers).toMatchObject([
      {
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^APIs-Google;/),
      },
    ]);
  });

  it.each([[500], [404], [301], ['hang' as const]])(
    'backs off and pushes again after %s, and warns once',
    async (status) => {
      await using endpoint = await Endpoint.open({ bad: status });
      await using harness = await pushing(endpoint);
      await harness.publish(['bad']);
      await untilWith(harness.clock, () => endpoint.pushed.length >= 3);
      expect(await backlog(harness)).toBe(1);
      expect(harness.warnings).toHaveLength(1);
      endpoint.statuses.bad = 200;
      await untilWith(harness.clock, async () => (await backlog(harness)) === 0);
    },
  );

  it('forwards a message to its dead-letter topic after the last attempt', async () => {
    await using endpoint = await Endpoint.open({ poison: 500 });
    await using harness = await Harness.start();
    await harness.topicWith({}, 'dead', 'graveyard');
    harness.iam.grant(PUBLISH);
    harness.iam.grant(CONSUME);
    await harness.topicWith({
      pushConfig: { pushEndpoint: endpoint.url },
      deadLetterPolicy: { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 },
    });
    await harness.publish(['poison']);
    await untilWith(harness.clock, async () => (await backlog(harness)) === 0);
    expect(endpoint.pushed.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
    expect(textsOf(await harness.pull('graveyard'))).toEqual(['poison']);
  });

  it('pushes the messages of an ordering key one after the other', async () => {
    await using endpoint = await Endpoint.open();
    await using harness = await pushing(endpoint, { enableMessageOrdering: true });
    const texts = Array.from({ length: 50 }, (_, n) => `${n}`);
    for (const text of texts) await harness.publish([text], 'records', { orderingKey: 'k' });
    await until(async () => (await backlog(harness)) === 0);
    expect(endpoint.texts).toEqual(texts);
  });

  it('becomes a pull subscription, and again a push subscription, by its configuration', async () => {
    await using endpoint = await Endpoint.open({ kept: 'hang' });
    await using harness = await pushing(endpoint);
    const subscription = subscriptionName('reader');
    await harness.publish(['kept']);
    await until(() => endpoint.pushed.length === 1);
    expect(await errorOf(harness.pull())).toMatchObject({ code: 9 });
    await harness.subscriber.modifyPushConfig({ subscription, pushConfig: {} });
    expect(textsOf(await harness.pull())).toEqual(['kept']);
    await harness.publish(['next']);
    await harness.subscriber.modifyPushConfig({ subscription, pushConfig: { pushEndpoint: endpoint.url } });
    await until(() => endpoint.texts.includes('next'));
  });

  it.each([
    [{ pushEndpoint: 'https://example.com/push' }, 12, 'messages are pushed to this machine only'],
    [{ pushEndpoint: 'http://127.0.0.1.example.com' }, 12, 'messages are pushed to this machine only'],
    [{ pushEndpoint: 'push' }, 3, 'Invalid push_endpoint: "push"'],
    [
      { pushEndpoint: 'http://localhost:1', attributes: { 'x-goog-version': 'v1beta1' } },
      3,
      'x-goog-version',
    ],
    [{ pushEndpoint: 'http://localhost:1', oidcToken: { audience: 'a' } }, 12, 'PushConfig.oidcToken'],
    [{ pushEndpoint: 'http://localhost:1', noWrapper: {} }, 12, 'PushConfig.noWrapper'],
  ])('with %j is refused at once', async (pushConfig, code, message) => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const request = { name: subscriptionName('reader'), topic: topicName('records'), pushConfig };
    expect(await errorOf(harness.subscriber.createSubscription(request))).toMatchObject({
      code,
      details: expect.stringContaining(message),
    });
  });
});
