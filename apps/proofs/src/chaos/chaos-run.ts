import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bigqueryClient, pubsubClient } from '@records/stack/clients';
import { type BundledApi, bundleApi } from '../shared/bundled-api.ts';
import { childrenOf, memoryOf } from '../shared/memory.ts';
import { pagesOf } from '../shared/pages.ts';
import { StackProcess } from '../shared/stack-process.ts';
import { drained } from '../shared/waiting.ts';
import { problemsAt, statusOf } from './checks.ts';
import { ClockSteps } from './clock-steps.ts';
import { Histories, problemsOf, type Verdict } from './histories.ts';
import { type Fault, inFlightOf, isOdd, ODD_IDS, oddRecords, type Plan, PUBLISHERS } from './plan.ts';
import { TcpProxy } from './proxy.ts';
import { Publisher } from './publisher.ts';
import { readDeadLetters } from './readers.ts';
import { SecondApi } from './second-api.ts';

/** The longest time without progress. */
const STALL_MS = 120_000;
/** Many freshness windows: then the list shows what the table has. */
const VISIBLE_MS = 20_000;

/** A list may follow at once, so that a run does not wait for the budget of time after each fault. */
const SETTINGS = { 'records-platform:listTimePercent': '100' };

/** What a helper process may take to start or to do its work on a busy machine. Milliseconds. */
const HELPER_MS = 20_000;
const POLL_MS = 50;

export interface InjectedFault {
  readonly fault: Fault;
  /** Messages acknowledged before it. */
  readonly acknowledged: number;
  /** Processes, connections or messages that it hit. */
  readonly hits: number;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** A sentence for each thing that did not hold after a fault. */
  readonly broken: readonly string[];
  readonly injected: readonly InjectedFault[];
}

/** Carries out a plan. Throws when a process fails by itself or nothing progresses. */
export async function runChaos(plan: Plan, note: (text: string) => void): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chaos-'));
  try {
    await using pubsub = await TcpProxy.start();
    await using bigquery = await TcpProxy.start();
    await using bundle = await bundleApi();
    await using run = await ChaosRun.start(plan, dataDir, { pubsub, bigquery, bundle }, note);
    return await run.finish();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** What outlives a stack. */
interface Lasting {
  /** Their addresses stay the same when the stack starts again. */
  readonly pubsub: TcpProxy;
  readonly bigquery: TcpProxy;
  readonly bundle: BundledApi;
}

class ChaosRun implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #dataDir: string;
  readonly #lasting: Lasting;
  readonly #note: (text: string) => void;
  readonly #histories: Histories;
  readonly #clock: ClockSteps;
  readonly #api: SecondApi;
  #stack: StackProcess;
  #oddRecords = 0;

  private constructor(
    plan: Plan,
    dataDir: string,
    lasting: Lasting,
    note: (text: string) => void,
    clocks: { readonly machine: ClockSteps; readonly api: ClockSteps },
    stack: StackProcess,
  ) {
    this.#plan = plan;
    this.#dataDir = dataDir;
    this.#lasting = lasting;
    this.#note = note;
    this.#histories = new Histories(plan);
    this.#clock = clocks.machine;
    this.#stack = stack;
    this.#api = new SecondApi(() => this.#stack.ready, lasting.bigquery.host, lasting.bundle, clocks.api);
  }

  static async start(
    plan: Plan,
    folder: string,
    lasting: Lasting,
    note: (text: string) => void,
  ): Promise<ChaosRun> {
    const clocks = {
      machine: await ClockSteps.at(join(folder, 'clock-of-the-machine')),
      api: await ClockSteps.at(join(folder, 'clock-of-an-api')),
    };
    const dataDir = join(folder, 'cloud');
    const stack = await startStack(plan, dataDir, clocks.machine);
    const run = new ChaosRun(plan, dataDir, lasting, note, clocks, stack);
    run.#direct(stack);
    await run.#api.start();
    return run;
  }

  async finish(): Promise<Outcome> {
    await using stack = new AsyncDisposableStack();
    const { projectId: project, topic } = this.#stack.ready.target;
    const { seed, messages, faults } = this.#plan;
    const common = {
      host: this.#lasting.pubsub.host,
      project,
      topic,
      seed,
      messages,
      inFlight: this.#beyondFault,
      histories: this.#histories,
    };
    const publishers = Array.from({ length: PUBLISHERS }, (_, first) =>
      stack.use(new Publisher({ ...common, first, step: PUBLISHERS })),
    );
    const published = Promise.all(publishers.map(({ done }) => done));
    const injected: InjectedFault[] = [];
    const broken: string[] = [];
    for (const fault of faults) {
      // One more than after the last fault, so what was killed works again.
      const due = Math.max(fault.at, this.#histories.acknowledged + 1);
      // The others wait, so that each fault of a small run meets messages in flight.
      for (const publisher of publishers) publisher.allow(due + this.#beyondFault);
      await this.#until(due, published);
      const { acknowledged } = this.#histories;
      // So that each API has a list, which must not stay as it is.
      await Promise.all(this.#apis.map(([, url]) => statusOf(url, '/records')));
      this.#note(`${acknowledged} acknowledged: ${fault.kind}`);
      const { hits, broken: promises } = await this.#inject(fault, publishers);
      if (hits === 0) this.#note('nothing is left to hit');
      injected.push({ fault, acknowledged, hits });
      await this.#until(due + this.#beyondFault, published);
      for (const promise of [...promises, ...(await this.#problemsNow())]) {
        broken.push(`after "${fault.kind}", ${promise}`);
        this.#note(`  ${promise}`);
      }
    }
    for (const publisher of publishers) publisher.allow(messages);
    await this.#until(messages, published);
    await published;
    await drained(async () => (await this.#stack.ask('backlog')).backlog, STALL_MS);
    const { deadLetters } = await this.#stack.ask('backlog');
    await readDeadLetters(this.#stack.ready.target, deadLetters, this.#histories);
    broken.push(...(await this.#lostOddRecords()));
    const verdict = await this.#compared(this.#stack.ready.apiUrl);
    const second = problemsOf(await this.#compared(this.#api.url));
    broken.push(...second.map((problem) => `at the second API, ${problem}`));
    return { verdict, broken, injected };
  }

  /** Names and URLs. */
  get #apis(): (readonly [string, string])[] {
    return [
      ['Cloud Run', this.#stack.ready.apiUrl],
      ['the second API', this.#api.url],
    ];
  }

  /** Messages that are published during a fault and the checks after it. */
  get #beyondFault(): number {
    return inFlightOf(this.#plan);
  }

  /** What does not hold at either API, whose lists must show what the table has by now. */
  async #problemsNow(): Promise<string[]> {
    const records = await this.#count('id NOT LIKE @odd');
    const problems = this.#apis.map(async ([name, url]) =>
      (await problemsAt(url, records, VISIBLE_MS)).map((problem) => `at ${name}, ${problem}`),
    );
    return (await Promise.all(problems)).flat();
  }

  async #lostOddRecords(): Promise<string[]> {
    const stored = await this.#count('id LIKE @odd');
    return stored === this.#oddRecords ? [] : [`${stored} of ${this.#oddRecords} odd records are stored`];
  }

  /** Ids in the table. */
  async #count(condition: string): Promise<number> {
    const { target } = this.#stack.ready;
    const query = `SELECT COUNT(DISTINCT id) AS ids FROM \`${target.table}\` WHERE ${condition}`;
    const [[row]] = await bigqueryClient(target).query({ query, params: { odd: ODD_IDS } });
    return Number(row.ids);
  }

  async #inject(fault: Fault, publishers: readonly Publisher[]): Promise<Hit> {
    switch (fault.kind) {
      case 'kill -9 the local cloud':
        await this.#killStack();
        return hit(1);
      case 'kill -9 the helpers of the local cloud, then itself':
        return await this.#killHelpers();
      case 'kill -9 the API':
        return hit((await this.#stack.ask('kill the API')).apis.length);
      case 'kill -9 a publisher': {
        // Another publisher when the planned one has nothing left to publish.
        const { publisher: from } = fault;
        for (const publisher of [...publishers.slice(from), ...publishers.slice(0, from)])
          if (await publisher.kill()) return hit(1);
        return hit(0);
      }
      case 'pause the local cloud':
        this.#stack.signal('SIGSTOP');
        await delay(fault.ms);
        this.#stack.signal('SIGCONT');
        return hit(1);
      case 'reset the connections of the publishers':
        return hit(this.#lasting.pubsub.reset());
      case 'step the clock of an API':
        await this.#api.clock.move([this.#api.pid], fault.ms);
        return hit(1);
      case 'step the clock of the machine': {
        const pids = [this.#stack.pid, ...(await this.#stack.ask('backlog')).apis];
        await this.#clock.move(pids, fault.ms);
        return hit(pids.length);
      }
      case 'close the output of the API':
        return hit(1, await this.#api.breakOutput('closed'));
      case 'fill the output of the API':
        return hit(1, await this.#api.breakOutput('full'));
      case 'stop reading the output of the API':
        return hit(1, await this.#api.breakOutput('unread'));
      case 'open silent connections to the API, then stop it':
        return await this.#api.stopBesideSilence();
      case 'read slowly from the API, then stop it':
        return await this.#api.stopBesideSlowReaders();
      case 'publish odd records':
        return hit(await this.#publishOddRecords());
    }
  }

  async #killStack(): Promise<void> {
    for (const proxy of [this.#lasting.pubsub, this.#lasting.bigquery]) proxy.target = undefined;
    await this.#stack[Symbol.asyncDispose]();
    this.#stack = await startStack(this.#plan, this.#dataDir, this.#clock);
    this.#direct(this.#stack);
  }

  #direct({ ready }: StackProcess): void {
    this.#lasting.pubsub.target = ready.pubsub;
    this.#lasting.bigquery.target = new URL(ready.environment.BIGQUERY_EMULATOR_HOST ?? '').host;
  }

  /** The local cloud must replace them, so that no API outlives it. */
  async #killHelpers(): Promise<Hit> {
    const { apis } = await this.#stack.ask('backlog');
    const helpers = () => childrenOf(this.#stack.pid).filter((pid) => !apis.includes(pid));
    const killed = helpers();
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const replacements = () => helpers().filter((pid) => !killed.includes(pid)).length;
    await soon(() => replacements() >= killed.length);
    const left = replacements();
    await this.#killStack();
    const alive = () => apis.filter((pid) => memoryOf(pid).now > 0);
    await soon(() => alive().length === 0);
    const orphans = alive();
    for (const pid of orphans) process.kill(pid, 'SIGKILL');
    return hit(killed.length, [
      ...(left < killed.length ? [`${left} of ${killed.length} helpers were replaced`] : []),
      ...(orphans.length > 0 ? [`${orphans.length} processes of the API outlived the local cloud`] : []),
    ]);
  }

  async #publishOddRecords(): Promise<number> {
    const { target } = this.#stack.ready;
    const environment = { ...target.environment, PUBSUB_EMULATOR_HOST: this.#lasting.pubsub.host };
    const pubsub = pubsubClient({ ...target, environment });
    const topic = pubsub.topic(target.topic, { batching: { maxMessages: 1 } });
    const records = oddRecords(this.#plan.seed);
    await Promise.all(
      records.map((record) => topic.publishMessage({ data: Buffer.from(JSON.stringify(record)) })),
    );
    await pubsub.close();
    this.#oddRecords += records.length;
    return records.length;
  }

  /** Waits until so many messages are acknowledged, or all. Throws on a stall, or when a publisher fails or ends too early. */
  async #until(count: number, published: Promise<unknown>): Promise<void> {
    const histories = this.#histories;
    const wanted = Math.min(count, this.#plan.messages);
    while (histories.acknowledged < wanted) {
      const over = new AbortController();
      const stalled = delay(STALL_MS, `no progress for ${STALL_MS / 1_000} s`, { signal: over.signal });
      const ended = published.then(() => 'the publishers ended');
      try {
        const problem = await Promise.race([histories.progress, ended, stalled]);
        if (problem === undefined || histories.acknowledged >= wanted) continue;
        throw new Error(`${histories.acknowledged} of ${this.#plan.messages} are acknowledged: ${problem}`);
      } finally {
        over.abort();
      }
    }
  }

  /** Walks a list until it shows everything, or had time to. */
  async #compared(apiUrl: string): Promise<Verdict> {
    const end = performance.now() + VISIBLE_MS;
    for (;;) {
      const late = performance.now() > end;
      this.#histories.startWalk();
      for await (const records of pagesOf(apiUrl, 1000))
        for (const record of records) if (!isOdd(record.id)) this.#histories.see(record);
      const verdict = this.#histories.verdict();
      if (problemsOf(verdict).length === 0 || verdict.twice.length > 0 || late) return verdict;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

function startStack({ chaos }: Plan, dataDir: string, clock: ClockSteps): Promise<StackProcess> {
  return StackProcess.start({ dataDir, chaos, apiPreload: clock.module, settings: SETTINGS });
}

/** Waits until a condition holds, for no longer than a helper may take. */
async function soon(holds: () => boolean): Promise<void> {
  const end = performance.now() + HELPER_MS;
  while (!holds() && performance.now() < end) await delay(POLL_MS);
}

interface Hit {
  /** Processes, connections or messages. */
  readonly hits: number;
  /** A sentence for each promise that the fault itself broke. */
  readonly broken: readonly string[];
}

function hit(hits: number, broken: readonly string[] = []): Hit {
  return { hits, broken };
}
