import { integer, program, verb } from '@records/cli';
import { conclude } from '../shared/report.ts';

const MORE =
  'A benchmark prints BAD for each promise that is broken, and then exits with 1. Without any, it prints GOOD.';
const ROWS_MAX = 10_000_000;
const rows = integer(1, ROWS_MAX);
const count = integer(1, 1_000_000);
const SIZES = [10_000, 100_000, 1_000_000];

export const bench = program('bench', {
  summary: 'measure the system on this machine',
  example: 'pnpm bench walk 100000 10000',
  description: 'Measures the system on this machine. `pnpm bench VERB --help` shows the arguments.',
  more: MORE,
});

verb(bench, 'ingestion', {
  summary: 'records per second from published to visible',
  example: 'pnpm bench ingestion 10000 100000',
  description:
    'Measures records per second from published to visible in the table, on disk and in memory, and the peak memory of the ' +
    "server. Where the Google Cloud CLI has installed Google's Pub/Sub emulator, compares with it (published to pulled). Linux only.",
})
  .argument(
    '[records...]',
    `how many records, one run for each number, 1 to ${ROWS_MAX} (default: ${SIZES.join(' ')})`,
    (text: string, before: number[] | undefined) => [...(before ?? []), rows(text)],
  )
  .action(async (counts) => {
    const { benchIngestion } = await import('./ingestion/ingestion.ts');
    conclude(await benchIngestion(counts.length > 0 ? counts : SIZES));
  });

verb(bench, 'replay', {
  summary: 'replay dead letters, each stored once',
  example: 'pnpm bench replay 10000',
  description:
    'Publishes messages with a field that the table lacks, adds the column, and replays the dead letters twice by ' +
    'pnpm ops dead-letters replay. Each must be stored once, and the second replay must change nothing.',
})
  .argument('[messages]', 'messages to publish, 1 to 100000', integer(1, 100_000), 1_000)
  .action(async (messages) => conclude(await (await import('./replay.ts')).benchReplay(messages)));

verb(bench, 'walk', {
  summary: 'walk all pages while records arrive',
  example: 'pnpm bench walk 100000 10000',
  description:
    'Walks all records by Link at limits 1000, 100 and 7 while others are published, and by OFFSET with a query per page. ' +
    'Prints which of the first records were missed or repeated. By Link, none may be. Leaves out walks of too many pages.',
})
  .argument('[records]', `records at the start, 1 to ${ROWS_MAX}`, rows, 100_000)
  .argument('[arrivals]', 'records published during each walk, 1 to 1000000', count, 10_000)
  .action(async (records, arrivals) =>
    conclude(await (await import('./walk.ts')).benchWalk(records, arrivals)),
  );

verb(bench, 'api', {
  summary: 'requests per second, beside bare Fastify',
  example: 'pnpm bench api 100000 5 1',
  description:
    'Measures requests per second of a cached page and record, with every protection on, beside a bare Fastify route that ' +
    'sends the same bytes, and then the latency of what is not cached.',
})
  .argument('[rows]', `rows in the table, 1000 to ${ROWS_MAX}`, integer(1_000, ROWS_MAX), 100_000)
  .argument('[rounds]', 'rounds, 1 to 1000', integer(1, 1_000), 15)
  .argument('[seconds]', 'seconds of a round, 1 to 600', integer(1, 600), 1)
  .action(async (size, rounds, seconds) =>
    conclude(await (await import('./api.ts')).benchApi(size, rounds, seconds)),
  );

verb(bench, 'fuzz', {
  summary: 'hostile requests, each refused with a problem',
  example: 'pnpm bench fuzz 100000',
  description:
    'Runs apps/api/test/hostile.test.ts with more than the 2000 requests of pnpm test. Fewer do not reach every parameter.',
})
  .argument('[requests]', 'requests, 2000 to 100000000', integer(2_000, 100_000_000), 100_000)
  .action(async (requests) => conclude((await import('./fuzz.ts')).benchFuzz(requests)));

verb(bench, 'stop', {
  summary: 'stop under load, and overload',
  example: 'pnpm bench stop 10',
  description:
    'Sends SIGTERM to API processes under load: no request may break. Then sends three times the requests that one API can ' +
    'answer: 90 % of its peak must still be answered, and each refusal must carry Retry-After.',
})
  .argument('[stops]', 'stops, 1 to 10000', integer(1, 10_000), 100)
  .action(async (stops) => conclude(await (await import('./stop.ts')).benchStop(stops)));

verb(bench, 'soak', {
  summary: 'read while records arrive, beside the naive way',
  example: 'pnpm bench soak 1 500',
  description:
    'Publishes records at a steady rate while readers request pages, ids, filters and countries from the API and from a server ' +
    'that runs a query per request. No answer may be 5xx. In the first and last minute, p99 of pages and ids must be below ' +
    '250 ms, of the others below 1 s; each process below 1 GiB; p50 and p99 below those of the other server. Linux only.',
})
  .argument('[minutes]', 'minutes, 1 to 600', integer(1, 600), 10)
  .argument('[rate]', 'records per second, 1 to 10000', integer(1, 10_000), 3_000)
  .action(async (minutes, rate) => conclude(await (await import('./soak/soak.ts')).benchSoak(minutes, rate)));

verb(bench, 'cost', {
  summary: 'bytes billed by BigQuery for a load',
  example: 'pnpm bench cost 100000 1000 10',
  description:
    'Measures the bytes billed for mixed requests, by one API process and by four, while a row arrives each second. The ' +
    'table may be scanned once per window, and an answer 304 may not cost a call.',
})
  .argument('[rows]', `rows in the table, 1 to ${ROWS_MAX}`, rows, 1_000_000)
  .argument('[requests]', 'requests, 1 to 1000000', count, 10_000)
  .argument('[seconds]', 'seconds in which they are sent, 1 to 3600', integer(1, 3_600), 60)
  .action(async (size, requests, seconds) =>
    conclude(await (await import('./cost.ts')).benchCost({ rows: size, requests, seconds })),
  );

verb(bench, 'bundle', {
  summary: "size, start, memory and stop of the API's image",
  example: 'pnpm bench bundle 5',
  description:
    "Builds the contents of the API's image, starts it, and stops it by SIGTERM under load. Half of the starts must answer " +
    '200 within 500 ms, and no request may break.',
})
  .argument('[starts]', 'starts, 1 to 1000', integer(1, 1_000), 5)
  .option('--out <file>', 'append the figures to this file, as Markdown')
  .action(async (starts, { out }) => conclude(await (await import('./bundle.ts')).benchBundle(starts, out)));

verb(bench, 'export', {
  summary: 'rows per second of NDJSON and CSV exports',
  example: 'pnpm bench export 1000000',
  description:
    'Exports all rows as NDJSON and as CSV, alone and beside a reader of 1 KB/s. The memory of the API must grow by less ' +
    "than 50 MB. The baseline is tabledata.list by Google's client. Linux only.",
})
  .argument('[rows]', `rows in the table, 1 to ${ROWS_MAX}`, rows, 1_000_000)
  .action(async (size) => conclude(await (await import('./export.ts')).benchExport(size)));

verb(bench, 'trouble', {
  summary: 'answers while BigQuery is slow, fails or is down',
  example: 'pnpm bench trouble',
  description:
    'Requests four kinds of things while BigQuery is slow, fails or is down for five minutes, which are skipped, not waited ' +
    'for. A known page must be served at every step, and the API must recover within 7 s.',
}).action(async () => conclude(await (await import('./trouble.ts')).benchTrouble()));

verb(bench, 'memory', {
  summary: 'memory of the API for all rows',
  example: 'pnpm bench memory 1000000',
  description:
    'Walks all rows, 1000 at a time: none may be missed or repeated, and the memory of the API may grow by 100 MB. Then requests ' +
    'filters, countries and an export while 1000 records a second arrive: each must be answered, within 512 MiB. Linux only.',
})
  .argument('[rows]', `rows in the table, 1 to ${ROWS_MAX}`, rows, 1_000_000)
  .action(async (size) => conclude(await (await import('./memory.ts')).benchMemory(size)));

verb(bench, 'console', {
  summary: 'the console while messages arrive',
  example: 'pnpm bench console 1 20',
  description:
    'Publishes records at a steady rate, in pairs of runs without and with a page of the console in Chromium, whose views are ' +
    'clicked through, except the list of records. Promises: a click is answered within 100 ms (p99), the heap of the page stays ' +
    'below 50 MB, at least 95 % as many messages per second arrive as without it, and the console delays the start by at most 5 %. Linux only.',
})
  .argument('[rounds]', 'pairs of runs, 1 to 100', integer(1, 100), 3)
  .argument('[seconds]', 'seconds of a run, 1 to 600', integer(1, 600), 60)
  .argument('[rate]', 'messages per second, 1 to 100000', integer(1, 100_000), 25_000)
  .action(async (rounds, seconds, rate) =>
    conclude(await (await import('./console/console.ts')).benchConsole(rounds, seconds, rate)),
  );
