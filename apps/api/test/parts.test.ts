import { expect, it } from '@jest/globals';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { BigQueryClient } from '../src/warehouse/bigquery-client.ts';
import { Calls } from '../src/warehouse/calls/calls.ts';
import { Blocks, type ListRows } from '../src/warehouse/lists/blocks.ts';
import { Parts } from '../src/warehouse/lists/parts.ts';
import { FakeTiming } from './support/fake-timing.ts';

const table = { projectId: 'p', datasetId: 'd', tableId: 't' };
const ROWS = 500_000_000;

const idOf = (row: number) => String(row).padStart(9, '0');
const rowOf = (row: number) => ({ f: [idOf(row), 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })) });

it('a list of 500 parts is divided by the one before it, beside calls of requests', async () => {
  const timing = new FakeTiming();
  const calls = new Calls({ attempts: 1, firstDelayMs: 1, deadlineMs: 8_000 }, timing, () => {});
  const send: ListRows = async (_table, { startIndex, maxResults }) => {
    // A turn, so that calls are in flight together.
    await new Promise(setImmediate);
    const length = Math.min(maxResults, ROWS - startIndex);
    return { rows: Array.from({ length }, (_, at) => rowOf(startIndex + at)), totalRows: ROWS };
  };
  const blocks = new Blocks({
    listRows: (from, range) => calls.call(() => send(from, range)),
    listRowsInBackground: (from, range) => calls.callInBackground(() => send(from, range)),
    maxBytes: 1_000_000,
  });
  const telemetry = noTelemetry;
  const now = () => timing.now();
  const client = new BigQueryClient({ project: 'p', location: 'US', timeoutMs: 1, now, telemetry });
  const before = await blocks.open('before', [table]);
  const { size } = blocks;
  const state = { lastModifiedTime: '0', numRows: String(ROWS), numBytes: 0, streamingBuffer: undefined };
  const dividing = new Parts({ client, calls, table }).between({ ...state, rows: ROWS }, before);
  const requests = Array.from({ length: 250 }, () => calls.call(async () => 'answered'));
  expect(new Set(await Promise.all(requests))).toEqual(new Set(['answered']));
  const bounds = await dividing;
  expect(bounds).toHaveLength(499);
  expect(bounds[0]).toBe(idOf(1_000_000));
  expect(blocks.size).toBe(size);
});
