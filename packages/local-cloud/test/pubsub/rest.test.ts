import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Harness, subscriptionName, topicName } from './harness.ts';

async function call(
  harness: Harness,
  method: string,
  path: string,
  body?: unknown,
): Promise<[number, unknown]> {
  const init = {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  const response = await fetch(`http://${harness.server.host}/v1/projects/local/${path}`, init);
  return [response.status, await response.json()];
}

describe('Pub/Sub over REST', () => {
  it('publishes, pulls and acknowledges on the port of gRPC', async () => {
    await using harness = await Harness.start();
    await call(harness, 'PUT', 'topics/records', { labels: { team: 'data' } });
    await call(harness, 'PUT', 'subscriptions/reader', {
      topic: topicName('records'),
      messageRetentionDuration: '1200s',
    });
    const data = Buffer.from('hello').toString('base64');
    const [, published] = await call(harness, 'POST', 'topics/records:publish', {
      messages: [{ data, attributes: { a: 'b' } }],
    });
    const [, pulled] = await call(harness, 'POST', 'subscriptions/reader:pull', {
      maxMessages: 10,
      returnImmediately: true,
    });
    const [message] = (pulled as { receivedMessages: { ackId: string }[] }).receivedMessages;
    expect(message).toMatchObject({
      message: {
        data,
        attributes: { a: 'b' },
        messageId: (published as { messageIds: string[] }).messageIds[0],
        publishTime: '2026-01-01T00:00:00.000Z',
      },
    });
    expect(
      await call(harness, 'POST', 'subscriptions/reader:acknowledge', { ackIds: [message?.ackId] }),
    ).toEqual([200, {}]);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
    expect(await call(harness, 'GET', 'subscriptions/reader')).toEqual([
      200,
      expect.objectContaining({ messageRetentionDuration: '1200s' }),
    ]);
  });

  it('accepts pages of a list, update masks and bodies that are one field', async () => {
    await using harness = await Harness.start();
    await call(harness, 'PUT', 'topics/one', {});
    await call(harness, 'PUT', 'topics/two', {});
    const [, page] = await call(harness, 'GET', 'topics?pageSize=1&alt=json');
    expect((page as { topics: unknown[] }).topics).toHaveLength(1);
    const update = { topic: { labels: { a: 'b' } }, updateMask: 'labels' };
    expect(await call(harness, 'PATCH', 'topics/one', update)).toEqual([
      200,
      expect.objectContaining({ labels: { a: 'b' } }),
    ]);
    const definition = '{"type":"record","name":"R","fields":[]}';
    const [status, schema] = await call(harness, 'POST', 'schemas?schemaId=record', {
      type: 'AVRO',
      definition,
    });
    expect([status, schema]).toEqual([
      200,
      expect.objectContaining({ name: 'projects/local/schemas/record', type: 'AVRO' }),
    ]);
  });

  it.each([
    [
      'a missing resource',
      'GET',
      'topics/missing',
      undefined,
      404,
      'NOT_FOUND',
      'Resource not found (resource=projects/local/topics/missing).',
    ],
    [
      'an invalid name',
      'PUT',
      'topics/goog-x',
      {},
      400,
      'INVALID_ARGUMENT',
      'Invalid [topics] name: (name=projects/local/topics/goog-x)',
    ],
    [
      'an unknown field',
      'PUT',
      'topics/one',
      { colour: 'red' },
      400,
      'INVALID_ARGUMENT',
      'Unknown name "colour"',
    ],
    [
      'an unknown parameter',
      'GET',
      'topics?colour=red',
      undefined,
      400,
      'INVALID_ARGUMENT',
      'Unknown name "colour"',
    ],
    [
      'an invalid JSON body',
      'PUT',
      'topics/one',
      '{',
      400,
      'INVALID_ARGUMENT',
      'Invalid JSON payload received.',
    ],
    [
      'a value of the wrong type',
      'PUT',
      'topics/one',
      { messageRetentionDuration: 5 },
      400,
      'INVALID_ARGUMENT',
      'Duration',
    ],
    [
      'an unknown path',
      'GET',
      'queues',
      undefined,
      404,
      'NOT_FOUND',
      'Pub/Sub has no method at GET /v1/projects/local/queues.',
    ],
    [
      'a broken percent escape in the path',
      'GET',
      'topics/%E0%A4%A',
      undefined,
      400,
      'INVALID_ARGUMENT',
      'Invalid path',
    ],
    [
      'a field that is not emulated',
      'PUT',
      'subscriptions/reader',
      { topic: topicName('one'), pushConfig: { pushEndpoint: 'https://x' } },
      501,
      'UNIMPLEMENTED',
      'Subscription.pushConfig is not emulated',
    ],
  ])('answers %s with an error in Google’s format', async (_, method, path, body, code, status, message) => {
    await using harness = await Harness.start();
    expect(await call(harness, method, path, body)).toEqual([
      code,
      { error: { code, status, message: expect.stringContaining(message) } },
    ]);
  });

  const gcloud = '/usr/bin/gcloud';
  (existsSync(gcloud) ? it : it.skip)(
    'serves gcloud',
    async () => {
      await using harness = await Harness.start();
      await harness.topicWith();
      const config = await mkdtemp(join(tmpdir(), 'gcloud-'));
      const run = async (...command: string[]) => {
        const environment = {
          CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: `http://${harness.server.host}/`,
          CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
          CLOUDSDK_CORE_PROJECT: 'local',
          CLOUDSDK_CONFIG: config,
        };
        const { stdout } = await promisify(execFile)(gcloud, ['pubsub', ...command, '--format=json'], {
          env: { ...process.env, ...environment },
        });
        return JSON.parse(stdout);
      };
      try {
        await run('topics', 'publish', 'records', '--message=hello', '--attribute=a=b');
        const [pulled] = await run('subscriptions', 'pull', 'reader', '--auto-ack');
        expect(pulled.message).toMatchObject({
          data: Buffer.from('hello').toString('base64'),
          attributes: { a: 'b' },
        });
        expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(0);
      } finally {
        await rm(config, { recursive: true, force: true });
      }
    },
    60_000,
  );
});
