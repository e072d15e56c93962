import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiProcess } from '../shared/api-process.ts';
import { bundleApi } from '../shared/bundled-api.ts';
import { stackOf } from '../shared/people.ts';
import { appendMarkdown } from '../shared/report.ts';
import { percentile } from '../shared/statistics.ts';
import { stopApiUnderLoad } from '../shared/stop-under-load.ts';

/** The promised time from the start of a process to its first 200, in the median. */
const ANSWERS_WITHIN_MS = 500;

/** Builds the image's contents, and starts and stops it so many times. `out`: a file that gets the figures, too. */
export async function benchBundle(starts: number, out: string | undefined): Promise<string[]> {
  const lines: string[] = [];
  const print = (line: string) => {
    console.log(line);
    lines.push(line);
  };
  await using bundle = await bundleApi();
  for (const file of (await readdir(bundle.folder, { recursive: true })).sort()) {
    const found = await stat(join(bundle.folder, file));
    if (found.isFile()) print(`${file.padEnd(44)} ${(found.size / 1e6).toFixed(2).padStart(6)} MB`);
  }
  await using stack = await stackOf(10_000);
  const first: number[] = [];
  const ready: number[] = [];
  const memory: number[] = [];
  const exits: number[] = [];
  const brokenRequests: string[] = [];
  let answered = 0;
  for (let start = 0; start < starts; start++) {
    await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
    first.push(api.started.first);
    ready.push(api.started.ready);
    memory.push(api.memory().now);
    const { answered: count, broken, ms } = await stopApiUnderLoad(api);
    answered += count;
    brokenRequests.push(...broken);
    exits.push(ms);
  }
  const of = (values: readonly number[], unit: string) =>
    `${percentile(values, 0.5).toFixed(0)} ${unit} in the median of ${starts}, ${percentile(values, 1).toFixed(0)} ${unit} at most`;
  print(`from start to the first 200   ${of(first, 'ms')}`);
  print(`from start to ready           ${of(ready, 'ms')}, with a call to BigQuery`);
  print(`resident memory when ready    ${of(memory, 'MB')}`);
  print(`from SIGTERM to exit          ${of(exits, 'ms')}, under load`);
  print(`requests                      ${answered} answered, ${brokenRequests.length} broken`);
  for (const reason of new Set(brokenRequests)) print(`  ${reason}`);
  const median = percentile(first, 0.5);
  const broken = [
    ...(brokenRequests.length > 0 ? [`${brokenRequests.length} requests broke`] : []),
    ...(median > ANSWERS_WITHIN_MS
      ? [`the first 200 takes ${median.toFixed(0)} ms; at most ${ANSWERS_WITHIN_MS} ms is promised`]
      : []),
  ];
  if (out) await appendMarkdown(out, 'The contents of the image', [...lines, ...broken].join('\n'));
  return broken;
}
