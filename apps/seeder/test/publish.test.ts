import { describe, expect, it } from '@jest/globals';
import { pubsubClient } from '../src/clients.ts';
import { People } from '../src/people.ts';
import { publish } from '../src/publish.ts';

describe('publishing', () => {
  it('does not wait for answers that never come once it is interrupted, and counts what they would have been about', async () => {
    // Nothing listens on port 1: the client retries for as long as it may.
    const environment = { PUBSUB_EMULATOR_HOST: '127.0.0.1:1' };
    const pubsub = pubsubClient({ projectId: 'p-test', topic: '', table: '', environment });
    const controller = new AbortController();
    const people = new People({ seed: 1, locale: 'latam' });
    function* interrupting() {
      for (const message of people.messages(3_000)) yield message;
      controller.abort();
    }
    const result = await publish({
      topic: pubsub.topic('projects/p-test/topics/records'),
      messages: interrupting(),
      signal: controller.signal,
      retryMs: 60_000,
      graceMs: 1,
    });
    await pubsub.close();
    expect(result).toMatchObject({ sent: 0, failed: 0, unconfirmed: 3_000, reasons: [] });
  });
});
