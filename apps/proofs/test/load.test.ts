import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { crossed, load } from '../src/load/load.ts';
import { REPOSITORY } from '../src/shared/paths.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves an empty list with the status that each request gets. Answers the address. */
async function serve(statusOf: (authorization: string | undefined) => number): Promise<string> {
  const listening = createServer((request, response) => {
    response.statusCode = statusOf(request.headers.authorization);
    response.end('[]');
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe('load', () => {
  it('counts failures, and names the crossed limit', async () => {
    let requests = 0;
    const api = await serve(() => (++requests % 2 === 0 ? 503 : 200));
    const result = await load({ api, rate: 20, seconds: 1 });
    expect(result.statuses).toEqual({ 200: expect.any(Number), 503: expect.any(Number) });
    expect(result.failed).toBe(result.statuses[503]);
    expect(crossed(result, { p975Ms: 60_000, failures: 0.001 })).toEqual([
      expect.stringMatching(/^\d+ of \d+ requests failed/),
    ]);
    expect(crossed(result, { p975Ms: 60_000, failures: 1 })).toEqual([]);
    expect(crossed({ ...result, p975Ms: 400 }, { p975Ms: 300, failures: 1 })).toEqual([
      'p97.5 is 400 ms, and the limit is 300 ms',
    ]);
  });

  it('sends its token to a private API, and fails without one', async () => {
    const api = await serve((authorization) => (authorization === 'Bearer of-the-caller' ? 200 : 403));
    const cli = join(REPOSITORY, 'apps', 'proofs', 'src', 'cli.ts');
    const run = (idToken?: string) =>
      promisify(execFile)(
        process.execPath,
        [cli, 'load', '--api', api, '--rate', '5', '--seconds', '1', '--json'],
        { env: { ...process.env, API_ID_TOKEN: idToken } },
      );
    const { stdout } = await run('of-the-caller');
    expect(JSON.parse(stdout)).toMatchObject({ failed: 0, statuses: { 200: expect.any(Number) } });
    await expect(run()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('"403"') });
  });
});
