import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '@records/cli';
import { chromium } from 'playwright-core';
import { ForkedProcess } from '../../shared/forked-process.ts';
import { printRow, whole } from '../../shared/report.ts';
import { median, percentile } from '../../shared/statistics.ts';
import type { WriterAnswer, WriterQuestion } from '../soak/writer-process.ts';
import type { ConsoleReady, Written } from './console-process.ts';
import { type Click, ClickedPage } from './page.ts';
import { brokenPromises } from './verdict.ts';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
/** Until the code of writer, stack and page is compiled. */
const WARM_UP_MS = 5_000;

/** Publishes at an even rate, in pairs of runs without and with a page whose views a person clicks through. */
export async function benchConsole(rounds: number, seconds: number, rate: number): Promise<string[]> {
  if (!existsSync(CHROMIUM))
    throw new UserError(`${CHROMIUM} is not installed`, { hint: 'apt-get install chromium' });
  const folder = await mkdtemp(join(tmpdir(), 'bench-console-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const program = <Question, Answer>(script: string, argument: string) =>
    cleanUp.use(new ForkedProcess<Question, Answer>(join(import.meta.dirname, script), [argument]));
  const stack = program<'written', Written>('console-process.ts', join(folder, 'cloud'));
  const { url, target, stackMs, consoleMs } = await stack.next<ConsoleReady>();
  console.log(
    `the stack was ready after ${whole(stackMs)} ms, and its console ${whole(consoleMs)} ms after it\n`,
  );
  const writer = program<WriterQuestion, WriterAnswer>('../soak/writer-process.ts', JSON.stringify(target));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  cleanUp.defer(() => browser.close());

  async function measured(during: (end: number) => Promise<void>): Promise<number> {
    const [before, began] = [await stack.ask('written'), performance.now()];
    await during(began + seconds * 1_000);
    return ((await stack.ask('written')) - before) / ((performance.now() - began) / 1_000);
  }
  const without = () => measured((end) => delay(end - performance.now()));
  async function withPage(): Promise<number> {
    await using page = await ClickedPage.open(browser, url);
    const rate = await measured((end) => page.clickUntil(end));
    clicks.push(...page.clicks);
    heaps.push(...page.heaps);
    return rate;
  }

  const clicks: Click[] = [];
  const heaps: number[] = [];
  const ratios: number[] = [];
  await writer.ask({ rate, first: 0 });
  await delay(WARM_UP_MS);
  printRow('messages/s written', ['without page', 'with page', 'ratio']);
  for (let round = 1; round <= rounds; round += 1) {
    // The table grows: every other pair begins with the page.
    const first = round % 2 === 0 ? await withPage() : undefined;
    const bare = await without();
    const watched = first ?? (await withPage());
    ratios.push(watched / bare);
    printRow(`  pair ${round}`, [whole(bare), whole(watched), (watched / bare).toFixed(3)]);
  }
  await writer.ask({ rate: 0, first: 0 });
  printRow('  median', ['', '', median(ratios).toFixed(3)]);
  printRow(`\n${clicks.length} clicks, ms`, ['p50', 'p99', 'most']);
  const [answered, drawn] = [clicks.map((click) => click.answered), clicks.map((click) => click.drawn)];
  for (const [name, values] of Object.entries({ answered, 'view drawn, with its data': drawn }))
    printRow(
      `  ${name}`,
      [0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(0)),
    );
  console.log(`heap of the page, looked at each second: at most ${Math.max(...heaps).toFixed(1)} MB`);
  return brokenPromises({ answered, heaps, ratios, stackMs, consoleMs });
}
