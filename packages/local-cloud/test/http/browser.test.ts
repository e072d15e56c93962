import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { LocalCloud } from '../../src/local-cloud.ts';

const CHROMIUM = '/usr/bin/chromium';
const TOPIC = 'v1/projects/records-local/topics/stolen';

/** A page that tries what needs no preflight, by the address of this machine and by a name of its own for it. */
function pageOf(pubsub: string, bigquery: string): string {
  const rebound = (url: string) => url.replace('127.0.0.1', 'evil.example');
  const attempts = [pubsub, rebound(pubsub)].flatMap((url) => [
    `await send('${url}/${TOPIC}:publish', { method: 'POST', mode: 'no-cors', body: '{"messages":[{"data":"YQ=="}]}' })`,
    `await send('${url}/${TOPIC}')`,
  ]);
  return `<!doctype html><body><script type="module">
    const answers = [];
    async function send(url, init) {
      try {
        const response = await fetch(url, init);
        answers.push(response.type + ' ' + response.status + ' ' + (await response.text()));
      } catch (error) {
        answers.push('failed');
      }
    }
    ${attempts.join(';\n')};
    await send('${rebound(bigquery)}/projects/records-local/datasets');
    document.body.textContent = 'ANSWERS ' + JSON.stringify(answers);
  </script></body>`;
}

(existsSync(CHROMIUM) ? it : it.skip)(
  'a page of another site neither changes nor reads anything, in Chromium',
  async () => {
    await using cloud = await LocalCloud.create({ projectId: 'records-local', location: 'US' });
    await cloud.pubsub.createTopic({ name: TOPIC.slice(3) });
    const subscription = 'projects/records-local/subscriptions/victim';
    await cloud.pubsub.createSubscription({ name: subscription, topic: TOPIC.slice(3) });
    const { PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST = '' } = cloud.environment;
    const page = pageOf(`http://${PUBSUB_EMULATOR_HOST}`, BIGQUERY_EMULATOR_HOST);
    const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
    await once(site.listen(0, '127.0.0.1'), 'listening');
    const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    try {
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'];
      const { stdout } = await promisify(execFile)(CHROMIUM, [
        ...flags,
        '--disable-background-networking',
        '--disable-component-update',
        `--user-data-dir=${profile}`,
        '--host-resolver-rules=MAP evil.example 127.0.0.1',
        '--timeout=20000',
        '--virtual-time-budget=10000',
        '--dump-dom',
        `http://evil.example:${(site.address() as AddressInfo).port}/`,
      ]);
      const text = /ANSWERS (\[.*\])/.exec(stdout)?.[1] ?? '[]';
      const answers = JSON.parse(text.replaceAll('&quot;', '"')) as string[];
      expect(answers).toHaveLength(5);
      // Nothing that the page can read says more than a refusal.
      for (const answer of answers) expect(answer).not.toMatch(/name|dataset|messageIds/);
      expect(await cloud.pubsub.backlogSize({ subscription })).toBe(0);
    } finally {
      site.closeAllConnections();
      site.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    }
  },
  90_000,
);
