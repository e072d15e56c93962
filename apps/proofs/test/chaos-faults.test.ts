import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { patientStatusOf, problemsAt } from '../src/chaos/checks.ts';
import { ClockSteps } from '../src/chaos/clock-steps.ts';
import { isOdd, oddRecords } from '../src/chaos/plan.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves a list of so many records, and the given statuses by path. Answers the address. */
async function serve(total: number, statuses: Readonly<Record<string, number>> = {}): Promise<string> {
  const listening = createServer((request, response) => {
    if (response.writableEnded) return;
    response.statusCode = statuses[request.url ?? ''] ?? 200;
    response.setHeader('x-total-count', total).end('[]');
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe('the checks after a fault', () => {
  it('accept an API whose list has what the table has', async () => {
    expect(await problemsAt(await serve(10, { '/records/nobody': 404 }), 10, 0)).toEqual([]);
  });

  it('notice a list that stays as it was', async () => {
    expect(await problemsAt(await serve(9), 10, 0)).toEqual([
      'after 0 s the list has 9 of 10 records, and /health/ready with 200',
    ]);
  });

  it('notice a failure, and whether readiness tells it', async () => {
    expect(await problemsAt(await serve(10, { '/countries': 500 }), 10, 0)).toEqual([
      '/countries is answered with 500, and /health/ready with 200',
    ]);
    server?.close();
    const honest = await serve(10, { '/countries': 500, '/health/ready': 503 });
    expect(await problemsAt(honest, 10, 0)).toEqual(['/countries is answered with 500']);
  });
});

describe('a patient caller', () => {
  /** Serves 503 so often, and then 200. */
  async function refusing(times: number, headers: Readonly<Record<string, string>>): Promise<string> {
    const url = await serve(10);
    let left = times;
    server?.prependListener('request', (_request, response) => {
      if (left-- > 0) response.writeHead(503, headers).end();
    });
    return url;
  }

  it('repeats what is refused for a moment, and sees what is refused for longer or without a time', async () => {
    const now = { 'retry-after': '0' };
    expect(await patientStatusOf(await refusing(5, now), '/records')).toBe('200');
    server?.close();
    expect(await patientStatusOf(await refusing(6, now), '/records')).toBe('503');
    server?.close();
    expect(await patientStatusOf(await refusing(1, {}), '/records')).toBe('503');
  });
});

describe('a step of the clock', () => {
  it('moves the wall clock of a process, and not its monotonic one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clock-'));
    try {
      const file = join(folder, 'clock');
      const clock = await ClockSteps.at(file);
      await writeFile(file, '-3600000');
      const program =
        'const hour = (ms) => Math.round(ms / 3600000);' +
        'const real = performance.timeOrigin + performance.now();' +
        'const dates = [Date.now(), new Date().getTime(), Date.parse(Date())];' +
        'console.log(JSON.stringify({ hours: dates.map((ms) => hour(ms - real)), given: new Date(7).getTime(), ' +
        'isDate: new Date() instanceof Date }))';
      const { stdout, stderr } = spawnSync(process.execPath, ['--import', clock.module, '--eval', program], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ hours: [-1, -1, -1], given: 7, isDate: true });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('odd records', () => {
  it('have texts of 9,000,000 characters and heads of U+FEFF, at a place that the seed decides', () => {
    const records = oddRecords(7);
    expect(records.filter(({ nombre }) => nombre.length === 9_000_000)).toHaveLength(4);
    expect(records.filter(({ id, nombre }) => `${id} ${nombre}`.includes('\uFEFF'))).toHaveLength(2);
    expect(records.every(({ id }) => isOdd(id))).toBe(true);
    expect(oddRecords(8)[0]?.id).not.toBe(records[0]?.id);
  });
});
