import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { FakeClock, LocalCloud } from '@records/local-cloud';
import { pubsubClient } from '@records/stack/clients';
import { type Identity, identityOf } from '../src/identity.ts';
import { publish } from '../src/publish.ts';

const PROJECT = 'records-test';
const TOPIC = `projects/${PROJECT}/topics/records`;
const EMAIL = `seeder@${PROJECT}.iam.gserviceaccount.com`;
const MEMBER = `serviceAccount:${EMAIL}`;
const HOUR_MS = 3_600_000;
const GRANT = { role: 'roles/pubsub.publisher', resource: TOPIC, member: MEMBER };

const clock = new FakeClock();
let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await LocalCloud.create({ projectId: PROJECT, location: 'southamerica-west1', clock });
  await cloud.pubsub.createTopic({ name: TOPIC });
});
beforeEach(() => cloud.iam.grant(GRANT));
afterAll(() => cloud?.close());

/** Sends `count` requests with one message each; `between` runs between two of them. */
async function send(identity: Identity, count = 1, between?: () => Promise<void>) {
  const pubsub = pubsubClient({ projectId: PROJECT, environment: cloud.environment });
  try {
    const results = [];
    for (let sent = 0; sent < count; sent += 1) {
      if (sent > 0) await between?.();
      results.push(
        await publish({ topic: pubsub.topic(TOPIC), messages: [Buffer.from(`${sent}`)], identity }),
      );
    }
    return results;
  } finally {
    await pubsub.close();
  }
}

/** Starts a metadata server that always gives `answer`. */
async function withMetadataServer<T>(
  answer: () => { readonly status?: number; readonly body: string },
  use: (metadataHost: string) => Promise<T>,
): Promise<T> {
  const server = createServer((_, response) => {
    const { status = 200, body } = answer();
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('publishes what its account is granted, and names the missing role otherwise', async () => {
  const identity = identityOf({ member: MEMBER, metadataHost: await cloud.metadataHostFor(EMAIL) });
  expect(await send(identity)).toMatchObject([{ accepted: 1 }]);
  cloud.iam.revoke(GRANT);
  const [refused] = await send(identity);
  expect(refused).toMatchObject({ accepted: 0, failed: 1 });
  expect(refused?.reasons[0]?.reason).toBe(
    `7 PERMISSION_DENIED: User not authorized to perform this action. [grant roles/pubsub.publisher on ${TOPIC}, or above it, to ${MEMBER}]`,
  );
});

it.each([
  ['keeps a valid token', 3_600, 0, 1],
  ['asks for another before the end of its token, so that a run may last longer', 60, HOUR_MS, 3],
])('%s', async (_, expires_in, passes, asked) => {
  let count = 0;
  const answer = () => {
    count += 1;
    return { body: JSON.stringify({ access_token: cloud.accessTokenFor(EMAIL), expires_in }) };
  };
  const results = await withMetadataServer(answer, (metadataHost) =>
    send(identityOf({ member: MEMBER, metadataHost }), 3, () => clock.advance(passes)),
  );
  expect(results.map(({ accepted }) => accepted)).toEqual([1, 1, 1]);
  expect(count).toBe(asked);
});

it.each([
  [{ status: 404, body: 'no' }, 'it answered 404: no'],
  [{ body: '{}' }, 'its answer holds no "access_token" and "expires_in"'],
])('names a metadata server that answers %j, and sends no message', async (answer, reason) => {
  await withMetadataServer(
    () => answer,
    async (metadataHost) => {
      const message = `${metadataHost} gives no access token of ${MEMBER}: ${reason}`;
      const identity = identityOf({ member: MEMBER, metadataHost });
      await expect(identity()).rejects.toMatchObject({ name: 'UserError', message });
      expect(await send(identity)).toMatchObject([{ failed: 1, reasons: [{ reason: message }] }]);
    },
  );
});
