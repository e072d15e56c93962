import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Google } from '@records/runtime';

let answer: (response: ServerResponse, request: IncomingMessage) => void;
const asked: string[] = [];
const sockets = new Set<Socket>();
const server = createServer(async (request, response) => {
  asked.push(`${request.method} ${request.url} ${await text(request)}`);
  sockets.add(request.socket);
  response.setHeader('content-type', 'application/json');
  answer(response, request);
});
let url: string;
let google: Google;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  google = new Google({ PUBSUB_EMULATOR_HOST: host });
  url = `${google.pubsub}/topics`;
});

beforeEach(() => {
  asked.length = 0;
  sockets.clear();
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function fail(status: number, reason: string) {
  const error = { code: status, message: `because of ${reason}`, errors: [{ reason, message: 'why' }] };
  answer = (response) => response.writeHead(status).end(JSON.stringify({ error }));
}

describe('a request to a Google API', () => {
  it('sends JSON and answers JSON, over one connection and without credentials to an emulator', async () => {
    answer = (response, { headers }) => response.end(JSON.stringify({ is: headers.authorization ?? 'open' }));
    const request = { url, method: 'POST', json: { a: 1 }, params: { b: 2 }, timeoutMs: 5_000 };
    expect(await google.request(request)).toEqual({ is: 'open' });
    expect(await google.request({ url, timeoutMs: 5_000 })).toEqual({ is: 'open' });
    expect(asked).toEqual(['POST /v1/topics?b=2 {"a":1}', 'GET /v1/topics ']);
    expect(sockets.size).toBe(1);
  });

  it('fails with the status and the reason of Google, and is not sent again', async () => {
    fail(503, 'backendError');
    await expect(google.request({ url, timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 503,
      cause: { errors: [{ reason: 'backendError' }] },
    });
    expect(asked).toHaveLength(1);
  });

  it('is sent again after a failure that may pass, as often as asked for', async () => {
    fail(503, 'backendError');
    const failed = google.request({ url, timeoutMs: 5_000, retries: 1 });
    await expect(failed).rejects.toMatchObject({ code: 503 });
    expect(asked).toHaveLength(2);
    fail(403, 'accessDenied');
    await expect(google.request({ url, timeoutMs: 5_000, retries: 1 })).rejects.toMatchObject({ code: 403 });
    expect(asked).toHaveLength(3);
  });

  it.each(['<html>', '', 'null', '"text"'])('fails with a SyntaxError when the reply is %j', async (body) => {
    answer = (response) => response.end(body);
    await expect(google.request({ url, timeoutMs: 5_000 })).rejects.toThrow(SyntaxError);
  });

  it('fails with the code TimeoutError when there is no reply in time', async () => {
    answer = () => {};
    await expect(google.request({ url, timeoutMs: 20 })).rejects.toMatchObject({ code: 'TimeoutError' });
  });

  it('fails with the code of the system when nothing listens', async () => {
    const nobody = { url: 'http://127.0.0.1:1/', timeoutMs: 5_000 };
    await expect(google.request(nobody)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
