import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../src/local-cloud.ts';
import { Events } from './cloud-run/events.ts';
import { ingestion } from './pulumi/declarations.ts';
import { deploy, openCloud, PROJECT, stepsOf } from './pulumi/test-cloud.ts';

const FILES = {
  bigquery: 'bigquery/bigquery.duckdb',
  pubsub: 'pubsub/pubsub.sqlite',
  iam: 'iam/grants.json',
};

/** Of a cloud that is deployed and closed; each test gets a copy. */
const deployed = mkdtempSync(join(tmpdir(), 'data-'));
let folder = deployed;
let events: Events;
let cloud: LocalCloud | undefined;

beforeAll(async () => {
  await deploy(await open(), ingestion);
  await cloud?.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-'));
  cpSync(deployed, folder, { recursive: true });
});
afterEach(async () => {
  await cloud?.close();
  rmSync(folder, { recursive: true });
});
afterAll(() => rmSync(deployed, { recursive: true }));

async function open(): Promise<LocalCloud> {
  await cloud?.close();
  cloud = undefined;
  events = new Events();
  cloud = await openCloud({ dataDir: folder, onEvent: events.push });
  return cloud;
}

describe('the folder of a local cloud', () => {
  it.each([
    ['bigquery', ['create dataset', 'create table', 'same subscription', 'same tableGrant', 'same topic']],
    ['pubsub', ['create subscription', 'create topic', 'same dataset', 'same table', 'same tableGrant']],
    ['iam', ['create tableGrant', 'same dataset', 'same subscription', 'same table', 'same topic']],
  ] as const)('is made whole, and says so, when the data of %s is lost', async (part, steps) => {
    rmSync(join(folder, FILES[part]));
    const opened = await open();
    expect(stepsOf(await deploy(opened, ingestion))).toEqual(steps);
    const warning = 'its data is missing: what the program declares in it is made again, and empty';
    expect(events.lines(part)).toEqual([warning]);
    Object.assign(process.env, opened.environment);
    const pubsub = new PubSub({ projectId: PROJECT });
    await pubsub.topic('orders').publishMessage({ data: Buffer.from('{"id":"a"}') });
    await pubsub.close();
    const bigquery = new BigQuery({ projectId: PROJECT });
    while ((await bigquery.query('SELECT id FROM shop.orders'))[0].length === 0) {
      // The test's timeout ends the wait.
    }
  });

  it.each([
    ['garbage in the rows', FILES.bigquery, (file: string) => writeFileSync(file, 'garbage'.repeat(2_000))],
    ['rows that are cut off', FILES.bigquery, (file: string) => truncateSync(file, 5_000)],
    ['garbage in the messages', FILES.pubsub, (file: string) => writeFileSync(file, 'garbage'.repeat(2_000))],
    ['grants that are cut off', FILES.iam, (file: string) => truncateSync(file, 5)],
    ['grants that are none', FILES.iam, (file: string) => writeFileSync(file, '{}')],
  ])('with %s is refused by the name of the file, and starts without it', async (_, name, spoil) => {
    const file = join(folder, name);
    spoil(file);
    await expect(open()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(new RegExp(`${name} cannot be read: `)),
      hint: expect.stringContaining(`move ${file} away`),
    });
    rmSync(file);
    await deploy(await open(), ingestion);
  });

  it.each(['{"format":2}', '{"format":', '[]'])('of another format (%s) is not touched', async (text) => {
    const file = join(folder, 'format.json');
    const before = readFileSync(join(folder, FILES.iam));
    writeFileSync(file, text);
    await expect(open()).rejects.toMatchObject({
      message: expect.stringMatching(
        /format\.json names (format 2|an unknown format), and this version reads 1\.$/,
      ),
    });
    expect(readFileSync(join(folder, FILES.iam))).toEqual(before);
  });

  it('from before there were formats is carried over', async () => {
    rmSync(join(folder, 'format.json'));
    expect(stepsOf(await deploy(await open(), ingestion)).every((step) => step.startsWith('same '))).toBe(
      true,
    );
    expect(readFileSync(join(folder, 'format.json'), 'utf8')).toBe('{"format":1}\n');
  });
});
