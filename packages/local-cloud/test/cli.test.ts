import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const CLI = join(import.meta.dirname, '../src/cli.ts');

/** The command while it runs, with the variables that it printed. */
async function start(args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('# Ready')) break;
  }
  return {
    text,
    variables: variablesIn(text),
    async stop() {
      child.kill('SIGTERM');
      return (await once(child, 'exit')) as [number | null, string | null];
    },
  };
}

async function output(args: readonly string[]): Promise<[number, string]> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  return [code as number, text];
}

function variablesIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .flatMap((line) =>
        /^export (\w+)=(.*)$/.exec(line) ? [line.slice(7).split(/=(.*)/s, 2) as [string, string]] : [],
      ),
  );
}

describe('the local cloud alone', () => {
  it('serves its clients by the variables that it prints, and keeps its data', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'local-cloud-'));
    const args = ['--project', 'shop', '--data-dir', folder, '--pubsub-port', '0', '--bigquery-port', '0'];
    try {
      const first = await start(args);
      const { PUBSUB_EMULATOR_HOST: pubsub, BIGQUERY_EMULATOR_HOST: bigquery } = first.variables;
      expect(first.text).toContain(`# Ready: Pub/Sub at ${pubsub}, BigQuery at ${bigquery}.`);
      const topic = `v1/projects/${first.variables.GOOGLE_CLOUD_PROJECT}/topics/orders`;
      const made = await fetch(first.variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB + topic, {
        method: 'PUT',
      });
      const datasets = `${first.variables.BIGQUERY_EMULATOR_HOST}/projects/shop/datasets`;
      expect([made.status, (await fetch(datasets)).status]).toEqual([200, 200]);
      expect(await first.stop()).toEqual([0, null]);
      const second = await start(args);
      const found = await fetch(`http://${second.variables.PUBSUB_EMULATOR_HOST}/${topic}`);
      expect(await found.json()).toMatchObject({ name: 'projects/shop/topics/orders' });
      await second.stop();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('prints the variables of given ports without starting', async () => {
    const [code, text] = await output(['--env', '--pubsub-port', '1234']);
    expect([code, variablesIn(text)]).toMatchObject([
      0,
      {
        PUBSUB_EMULATOR_HOST: '127.0.0.1:1234',
        BIGQUERY_EMULATOR_HOST: 'http://127.0.0.1:9050/bigquery/v2',
        CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY: 'http://127.0.0.1:9050/bigquery/v2/',
      },
    ]);
  });

  it.each([
    [['--pubsub-port', 'many'], '--pubsub-port is "many"'],
    [['--port', '1'], "Unknown option '--port'"],
    [['shop'], "Unexpected argument 'shop'"],
  ])('refuses %j and names the option', async (args, message) => {
    expect(await output(args)).toEqual([2, expect.stringContaining(message)]);
  });
});
