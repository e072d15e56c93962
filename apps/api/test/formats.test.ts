import { createServer, get as httpGet, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvLines } from '../src/formats/csv.ts';
import { exportBody } from '../src/formats/export-body.ts';
import { csv, ndjson } from '../src/formats/formats.ts';
import { tagSuffix } from '../src/formats/negotiation.ts';
import { Blocks, type ListRows } from '../src/warehouse/lists/blocks.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { codePoint } from './support/code-point.ts';
import { readCsv, stored } from './support/csv.ts';

describe('a client of an export', () => {
  it('that reads nothing causes no read beyond the next one', async () => {
    let listings = 0;
    const total = 100_000;
    const listRows: ListRows = async (_table, { startIndex, maxResults }) => {
      listings += 1;
      const length = Math.min(maxResults, total - startIndex);
      const rows = Array.from({ length }, (_, n) => ({
        f: [`r${String(startIndex + n).padStart(6, '0')}`, 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })),
      }));
      return { rows, totalRows: total };
    };
    const blocks = new Blocks({ listRows, maxBytes: 1 });
    const snapshot = await blocks.open('t', [{ projectId: 'p', datasetId: 'd', tableId: 't' }]);
    listings = 0;
    const body = await exportBody({ rows: blocks.rows(snapshot), format: ndjson, encoding: 'identity' });
    body.read(0);
    await settled();
    expect(listings).toBeLessThanOrEqual(3);
    let length = 0;
    for await (const chunk of body) {
      expect(listings * 5_000).toBeLessThanOrEqual(5_000 * 4 + length);
      length += String(chunk).split('\n').length - 1;
    }
    expect([length, listings]).toEqual([total, 20]);
  });

  it('that goes away ends the reads', async () => {
    let read = 0;
    const over = Promise.withResolvers<void>();
    // 40 MB: more than the system buffers.
    async function* rows() {
      try {
        for (; read < 40; read++) yield Array.from({ length: 1_000 }, (_, n) => [`r${n}`, 'x'.repeat(1_000)]);
      } finally {
        over.resolve();
      }
    }
    const server = createServer(async (_request, response) => {
      pipeline(await exportBody({ rows: rows(), format: csv, encoding: 'identity' }), response, () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closeAfterAll(() => server.close());
    const response = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const closed = new Promise((resolve) => response.once('close', resolve).once('error', () => {}));
    response.destroy();
    await over.promise;
    await closed;
    expect(response.complete).toBe(false);
    expect(read).toBeLessThan(30);
  });
});

it('changes the suffix of entity tags whenever the bytes of a format change', () => {
  const rows = [
    ['a', '=1', 'Ana "A"', 'Núñez, P'],
    ['b', null, "'x", '\u0001<'],
  ];
  const forms = [csv, ndjson].map((form) => [tagSuffix(form.mediaType, 'identity'), form.lines(rows)]);
  expect(forms).toEqual([
    ['-csv2', 'a,\'=1,"Ana ""A""","Núñez, P"\r\nb,,\'\'x,\u0001<\r\n'],
    [
      '-ndjson',
      '{"id":"a","nombre":"=1","apellido":"Ana \\"A\\"","pais":"Núñez, P"}\n{"id":"b","nombre":null,"apellido":"\'x","pais":"\\u0001<"}\n',
    ],
  ]);
});

describe('a spreadsheet', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', " '=1"],
    ['\t=1', "'\t'=1"],
    ['\r=1', "'\r'=1"],
    ['\n=1', "'\n'=1"],
    ['＝1', "'＝1"],
    ["'=1", "''=1"],
    ["'", "''"],
    ["Chile;=cmd|'/C calc'!A0", "Chile;'=cmd|''/C calc'!A0"],
    ['a\t@x', "a\t'@x"],
    ['a|+1', "a|'+1"],
    ['a"=1', `a"'=1`],
    ['a\n=1', "a\n'=1"],
    ['👩=1', "👩'=1"],
  ])('never sees %j as the beginning of a formula', (value, expected) => {
    const [[cell = ''] = []] = readCsv(csvLines([[value]]));
    expect(cell).toBe(expected);
  });

  it.each(["O'Higgins", 'Zoë-Anaïs', 'José-Ñandú', 'a@b.cl', 'x=y', "D'Angelo''s"])(
    'sees %j as stored',
    (value) => {
      expect(csvLines([[value]])).toBe(`${value}\r\n`);
    },
  );

  const cell = fc.oneof(
    fc.string({ unit: codePoint }),
    fc.string({ unit: fc.constantFrom(...`'=+-@ \t\r\n",;|:xé`) }),
    fc.string({ unit: fc.constantFrom(...`'=";x\n`) }),
  );
  const tables = fc.array(fc.tuple(cell, cell), { minLength: 1 });

  it('restores any stored text', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        expect(readCsv(csvLines(rows)).map((row) => row.map(stored))).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  it.each([',', ';', '\t', '|', ':', ' ', '"', '/', '=', '\u00a0'])(
    'finds no formula when it separates cells at %j, with or without quotes',
    (separator) => {
      fc.assert(
        fc.property(tables, (rows) => {
          const text = csvLines(rows);
          const cells = text.split(/\r\n|\r|\n/).flatMap((line) => line.split(separator));
          for (const raw of cells) {
            expect(raw).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
            expect(raw.replace(/^\s*"+/, '')).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

function open(url: string, headers = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(url, { headers, agent: false }, resolve).once('error', reject);
  });
}

/** Resolves after all pending work that needs no further read. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}
