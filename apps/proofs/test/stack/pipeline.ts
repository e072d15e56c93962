import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '@google-cloud/pubsub';
import { describe, expect, it } from '@jest/globals';
import type { RecordRow } from '@records/records-schema';
import { REPOSITORY } from '../../src/shared/paths.ts';
import { stopUnderLoad } from '../../src/shared/stop-under-load.ts';
import { getUntil, publish } from './requests.ts';
import { bigquery, pubsub, stack } from './shared.ts';

const luz: RecordRow = { id: 'pipeline-luz', nombre: 'Luz', apellido: 'Núñez Ibáñez', pais: 'Perú' };

describe('a record that is published', () => {
  it('can be read by its id', async () => {
    await publish(pubsub, stack.outputs.topic, luz);
    const response = await getUntil(`${stack.outputs.apiUrl}/records/${luz.id}`, 200);
    expect(await response.json()).toEqual(luz);
  });

  it('is in the list once, however often it was published', async () => {
    const twice = { ...luz, id: 'pipeline-twice' };
    await publish(pubsub, stack.outputs.topic, twice);
    await publish(pubsub, stack.outputs.topic, twice);
    await publish(pubsub, stack.outputs.topic, { ...luz, id: 'pipeline-zzz' });
    await getUntil(`${stack.outputs.apiUrl}/records/pipeline-zzz`, 200);
    // The freshness window is one second here.
    const { response, records } = await listUntil(({ id }) => id === 'pipeline-zzz');
    expect(records.filter(({ id }) => id === twice.id)).toEqual([twice]);
    expect(response.headers.get('x-total-count')).toBe(String(records.length));
  });
});

describe('a message that is not a record', () => {
  it('is refused at publish when a field is missing', async () => {
    const data = Buffer.from(JSON.stringify({ id: 'pipeline-bad', nombre: 'Luz', apellido: 'Núñez' }));
    await expect(pubsub.topic(stack.outputs.topic).publishMessage({ data })).rejects.toMatchObject({
      code: 3,
      message: expect.stringContaining('INVALID_ARGUMENT'),
    });
  });

  it('becomes a dead letter with its reason when only the table rejects it', async () => {
    const data = Buffer.from(JSON.stringify({ ...luz, id: 'pipeline-poison', edad: '41' }));
    const messageId = await pubsub
      .topic(stack.outputs.topic)
      .publishMessage({ data, attributes: { source: 'crm' } });
    expect(messageId).toMatch(/^\d+$/);

    const subscription = pubsub.subscription(stack.outputs.deadLetterSubscription);
    try {
      const [deadLetter] = (await once(subscription, 'message')) as [Message];
      deadLetter.ack();
      expect(deadLetter.data).toEqual(data);
      expect(deadLetter.attributes).toMatchObject({
        source: 'crm',
        CloudPubSubDeadLetterSourceSubscription: 'records-to-bigquery',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'records-local',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceDeliveryErrorMessage: expect.stringContaining('edad'),
      });
    } finally {
      await subscription.close();
    }
    const response = await fetch(`${stack.outputs.apiUrl}/records/pipeline-poison`);
    expect(response.status).toBe(404);
  });
});

describe('the SQL of README.md', () => {
  const statements = [
    ...readFileSync(join(REPOSITORY, 'README.md'), 'utf8').matchAll(/^```sql\n(.*?)^```/gms),
  ];
  it.each(statements.map(([, sql = '']) => sql))('runs: %s', async (sql) => {
    const [rows] = await bigquery.query({ query: sql, location: stack.outputs.region });
    expect(rows).toBeInstanceOf(Array);
  });

  it('exists', () => {
    expect(statements.length).toBeGreaterThan(0);
  });
});

describe('a crash of the API', () => {
  it('breaks no answer and loses no record', async () => {
    const url = `${stack.outputs.apiUrl}/records/${luz.id}`;
    const answers: (number | 'broken')[] = [];
    const ask = async (): Promise<void> => {
      const answer = await fetch(url).then(
        async (response) => {
          expect(await response.json()).toEqual(luz);
          return response.status;
        },
        () => 'broken' as const,
      );
      answers.push(answer);
    };
    await ask();
    const asking = Promise.all(Array.from({ length: 20 }, ask));
    stack.killApi();
    await asking;
    await publish(pubsub, stack.outputs.topic, { ...luz, id: 'pipeline-during-crash' });

    const back = await untilAnswered(`${stack.outputs.apiUrl}/records/pipeline-during-crash`);
    expect(await back.json()).toEqual({ ...luz, id: 'pipeline-during-crash' });
    expect(new Set(answers)).toEqual(answers.includes('broken') ? new Set([200, 'broken']) : new Set([200]));
  });
});

describe('a stop of the API under load', () => {
  it('breaks no request of clients that close their connection when they are told to', async () => {
    const url = `${stack.outputs.apiUrl}/records?limit=100`;
    const { answered, broken } = await stopUnderLoad(url, () => stack.killApi('SIGTERM'));
    expect(broken).toEqual([]);
    expect(answered).toBeGreaterThanOrEqual(200 + 16);
  });
});

/** Repeats the request until the list has such a record. */
async function listUntil(
  isThere: (record: RecordRow) => boolean,
): Promise<{ response: Response; records: RecordRow[] }> {
  for (;;) {
    const response = await fetch(`${stack.outputs.apiUrl}/records?limit=1000`);
    const records = (await response.json()) as RecordRow[];
    if (records.some(isThere)) return { response, records };
  }
}

/** Repeats the request until the status is 200; the API may restart meanwhile. */
async function untilAnswered(url: string): Promise<Response> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.status === 200) return response;
    await response?.body?.cancel();
  }
}
