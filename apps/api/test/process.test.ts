import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { environment } from './support/api.ts';
import { BigQueryFront, type Fault } from './support/bigquery-front.ts';
import { ApiProcess, MAIN } from './support/process.ts';
import { answerAll, oneRow } from './support/replies.ts';

let front: BigQueryFront;

beforeAll(async () => {
  front = await BigQueryFront.listen();
});

beforeEach(() => front.reset());

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

async function fetchBy(agent: Agent, url: string): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject);
  });
  return { status: response.statusCode, connection: response.headers.connection, body: await text(response) };
}

describe('the process', () => {
  it('exits with 1 and lists every missing variable when the environment is empty', async () => {
    const api = new ApiProcess({});
    expect(await api.exited()).toBe(1);
    expect(api.stdout).toBe('');
    expect(api.stderr.split('\n')).toEqual([
      'The environment has 5 mistakes:',
      expect.stringContaining('GOOGLE_CLOUD_PROJECT is not set'),
      expect.stringContaining('BIGQUERY_LOCATION is not set'),
      expect.stringContaining('RECORDS_TABLE is not set'),
      expect.stringContaining('AMENDMENTS_TABLE is not set'),
      expect.stringContaining('SCRATCH_DATASET is not set'),
      '',
    ]);
  });

  it('exits with 1 and names the port when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '0.0.0.0', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const api = new ApiProcess({ ...environment, PORT: String(port), BIGQUERY_EMULATOR_HOST: front.url });
    expect(await api.exited()).toBe(1);
    expect(api.lines().at(-1)).toMatchObject({
      severity: 'CRITICAL',
      message: expect.stringContaining(`cannot listen on port ${port}`),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers requests in flight after %s, closes connections, becomes unready, and exits with 0',
    async (signal) => {
      const api = await ApiProcess.listen(front.url);
      const agent = new Agent({ keepAlive: true });
      const idle = new Agent({ keepAlive: true });
      await fetchBy(idle, `${api.url}/health/live`);

      const answers = Promise.withResolvers<Fault>();
      answerAll(front, () => answers.promise);
      const inFlight = fetchBy(agent, `${api.url}/records/a`);
      await front.called(2);

      api.child.kill(signal);
      await api.logged(new RegExp(`${signal}: stopping`));
      const ready = await fetchBy(new Agent(), `${api.url}/health/ready`);
      expect(ready).toMatchObject({ status: 503, connection: 'close' });
      expect(JSON.parse(ready.body).type).toBe('/problems#not-ready');
      api.child.kill('SIGINT');

      answers.resolve(oneRow);
      expect(await inFlight).toEqual({
        status: 200,
        connection: 'close',
        body: '{"id":"a","nombre":"Ana","apellido":"Pérez","pais":"Chile"}',
      });
      expect(await api.exited()).toBe(0);
      expect(api.lines().at(-1)).toMatchObject({ message: 'stopped' });
      expect(api.stderr).toBe('');
      agent.destroy();
      idle.destroy();
    },
  );

  it('logs an uncaught error and exits with 1', async () => {
    const bomb = 'process.on("SIGUSR2", () => { throw new Error("boom") })';
    const api = await ApiProcess.listen(front.url, [
      '--import',
      `data:text/javascript,${encodeURIComponent(bomb)}`,
      MAIN,
    ]);
    api.child.kill('SIGUSR2');
    expect(await api.exited()).toBe(1);
    expect(api.lines().at(-1)).toMatchObject({
      severity: 'CRITICAL',
      message: 'uncaught: boom',
      stack_trace: expect.stringContaining('Error: boom'),
    });
  });
});
