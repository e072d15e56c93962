import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
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
        publishTime: '2026-01-01T00:00:00Z',
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
      400,
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

  it.each([
    [
      'bytes that are not base64',
      { messages: [{ data: 'not base64 !!' }] },
      "'messages[0].data' (TYPE_BYTES, base64)",
    ],
    ['base64 with a line break', { messages: [{ data: 'SGVsbG8=\n' }] }, "'messages[0].data'"],
    ['base64 of both alphabets', { messages: [{ data: '-_+/' }] }, "'messages[0].data'"],
    ['base64 that ends early', { messages: [{ data: 'SGVsb' }] }, "'messages[0].data'"],
    [
      'a number for a string',
      { messages: [{ orderingKey: 5 }] },
      "'messages[0].orderingKey' (TYPE_STRING), 5",
    ],
    ['null for an attribute', { messages: [{ attributes: { a: null } }] }, `'messages[0].attributes["a"]'`],
    ['an object for a list', { messages: {} }, "'messages' (list of google.pubsub.v1.PubsubMessage)"],
    ['null in a list', { messages: [null] }, "'messages[0]'"],
    ['a list for the body', [], "'the body' (google.pubsub.v1.PublishRequest)"],
    ['a field twice', '{"messages":[{"orderingKey":"a","ordering_key":"b"}]}', 'is set twice'],
    ['a time without its zone', { messages: [{ publishTime: '2026-01-01T00:00:00' }] }, 'Timestamp'],
    ['half a surrogate pair', '{"messages":[{"orderingKey":"\\ud800"}]}', 'TYPE_STRING'],
  ])('refuses %s, and names the field', async (_, body, message) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    expect(await call(harness, 'POST', 'topics/records:publish', body)).toEqual([
      400,
      { error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) } },
    ]);
  });

  it.each([
    ['ackDeadlineSeconds', 'ten'],
    ['ackDeadlineSeconds', 10.5],
    ['ackDeadlineSeconds', true],
    ['ackDeadlineSeconds', 2 ** 31],
    ['enableMessageOrdering', 'yes'],
    ['enableMessageOrdering', 1],
    ['messageRetentionDuration', '600'],
    ['labels', []],
    ['topic', 7],
    ['state', 'SLEEPY'],
    ['deadLetterPolicy', 'none'],
    ['retryPolicy', { minimumBackoff: '1,5s' }],
  ])('refuses a subscription whose %s is %j', async (field, value) => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records') });
    const body = { topic: topicName('records'), [field]: value };
    expect(await call(harness, 'PUT', 'subscriptions/reader', body)).toEqual([
      400,
      { error: expect.objectContaining({ message: expect.stringContaining(`'${field}`) }) },
    ]);
  });

  it('takes null as absent, numbers as text, both spellings of a name and both alphabets of base64', async () => {
    await using harness = await Harness.start();
    await call(harness, 'PUT', 'topics/records', { labels: null, messageStoragePolicy: null });
    const created = await call(harness, 'PUT', 'subscriptions/reader', {
      topic: topicName('records'),
      filter: null,
      labels: null,
      ack_deadline_seconds: '2e1',
      enableMessageOrdering: 'true',
      retryPolicy: { minimum_backoff: '0.5s', maximumBackoff: null },
    });
    expect(created).toEqual([
      200,
      {
        name: subscriptionName('reader'),
        topic: topicName('records'),
        ackDeadlineSeconds: 20,
        enableMessageOrdering: true,
        retryPolicy: { minimumBackoff: '0.500s', maximumBackoff: '600s' },
        messageRetentionDuration: '604800s',
        expirationPolicy: { ttl: '2678400s' },
        state: 'ACTIVE',
      },
    ]);
    const messages = [{ data: '-_8', attributes: null, orderingKey: null }, { data: '+/8=' }];
    expect((await call(harness, 'POST', 'topics/records:publish', { messages }))[0]).toBe(200);
    const pull = { maxMessages: '10', returnImmediately: 'true' };
    const [, pulled] = await call(harness, 'POST', 'subscriptions/reader:pull', pull);
    const { receivedMessages } = pulled as { receivedMessages: { message: { data: string } }[] };
    expect(receivedMessages.map(({ message }) => message.data)).toEqual(['+/8=', '+/8=']);
    expect(await call(harness, 'POST', 'subscriptions/reader:pull', pull)).toEqual([200, {}]);
  });

  it.each([
    [
      'PUT',
      'topics/deep',
      `{"labels":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`,
      'deeper than 1000 levels',
    ],
    ['POST', 'topics/records:publish', `{"messages":${'['.repeat(100_000)}`, 'deeper than 1000 levels'],
    ['PUT', 'topics/latin', Buffer.from('{"labels":{"a":"\xff"}}', 'latin1'), 'not valid for encoding utf-8'],
    ['POST', '../../../batch', '--b--', 'send each request alone'],
  ])('refuses a body that cannot be read: %s %s', async (method, path, body, problem) => {
    await using harness = await Harness.start();
    const url = `http://${harness.server.host}/v1/projects/local/${path}`;
    const response = await fetch(url, { method, body });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(problem)]);
  });

  it('decompresses a body, and refuses one that is too large or not what it says', async () => {
    await using harness = await Harness.start();
    const put = async (body: Uint8Array, encoding: string) => {
      const headers = { 'content-encoding': encoding, 'content-type': 'application/json' };
      const url = `http://${harness.server.host}/v1/projects/local/topics/records`;
      const response = await fetch(url, { method: 'PUT', headers, body: Uint8Array.from(body) });
      return [response.status, await response.text()];
    };
    expect((await put(gzipSync('{"labels":{"a":"b"}}'), 'gzip'))[0]).toBe(200);
    expect(await put(gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')), 'gzip')).toEqual([
      400,
      expect.stringContaining('exceeds the limit'),
    ]);
    expect(await put(Buffer.from('{}'), 'gzip')).toEqual([
      400,
      expect.stringContaining('The body is not gzip'),
    ]);
    expect(await put(Buffer.from('{}'), 'br')).toEqual([
      400,
      expect.stringContaining('\\"br\\" is not supported'),
    ]);
  });

  it('answers as the parameters and headers of every Google API ask', async () => {
    await using harness = await Harness.start();
    await harness.pubsub.createTopic({ name: topicName('records'), labels: { a: 'b' } });
    const url = `http://${harness.server.host}/v1/${topicName('records')}`;
    const text = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).text();
    expect(await text('?fields=labels&uploadType=media&$.xgafv=2&key=k')).toBe('{"labels":{"a":"b"}}');
    expect(await text('?prettyPrint=true&fields=state')).toBe('{\n  "state": "ACTIVE"\n}');
    expect(await text('?$fields=labels&$alt=json;enum-encoding=int')).toBe('{"labels":{"a":"b"}}');
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String((await text('')).length)]);
    // A client that pauses for Node's 5 s would send its next call into the close.
    expect((await fetch(url)).headers.get('keep-alive')).toBe('timeout=120');
    expect(await text('?alt=proto')).toContain('Invalid value for alt: proto');
    expect(await text('?topic=x&topic=y')).toContain('is set twice');
    const headers = { 'x-http-method-override': 'PATCH', 'content-type': 'application/json' };
    const body = '{"topic":{"labels":{"c":"d"}},"updateMask":"labels"}';
    expect(await text('?fields=labels', { method: 'POST', headers, body })).toBe('{"labels":{"c":"d"}}');
    const messages = '{"messages":[{"data":"YQ=="}]}';
    expect(await text('%3Apublish', { method: 'POST', body: messages })).toContain('messageIds');
  });

  it('answers a path that is no URL with an error of the client', async () => {
    await using harness = await Harness.start();
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const [host, port] = harness.server.host.split(':');
    get({ host, port, path: '//' }, (response) => resolve(response.resume().statusCode));
    expect(await promise).toBe(404);
  });

  it('tells a verb from a name', async () => {
    await using harness = await Harness.start();
    await harness.client.createSchema('record', 'AVRO', '{"type":"record","name":"R","fields":[]}');
    const [status, body] = await call(harness, 'GET', 'schemas/record:listRevisions');
    expect([status, body]).toEqual([200, { schemas: [expect.objectContaining({ type: 'AVRO' })] }]);
    expect((await call(harness, 'GET', 'topics/records:unknown'))[0]).toBe(404);
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
