import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pagesOf } from '../shared/pages.ts';
import { StackProcess } from '../shared/stack-process.ts';
import { drained } from '../shared/waiting.ts';
import { Histories, problemsOf, type Verdict } from './histories.ts';
import { type Fault, type Plan, PUBLISHERS } from './plan.ts';
import { TcpProxy } from './proxy.ts';
import { Publisher } from './publisher.ts';
import { readDeadLetters } from './readers.ts';

/** The longest time without progress. */
const STALL_MS = 120_000;
/** Many freshness windows: then the list shows what the table has. */
const VISIBLE_MS = 20_000;

/** A fault that was injected. */
interface InjectedFault {
  readonly fault: Fault;
  /** Messages acknowledged before it. */
  readonly acknowledged: number;
  /** Processes, or ends of connections, that it hit. */
  readonly hits: number;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly injected: readonly InjectedFault[];
}

/** Carries out a plan. Throws when a process fails by itself or nothing progresses. */
export async function runChaos(plan: Plan, note: (text: string) => void): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chaos-'));
  try {
    await using proxy = await TcpProxy.start();
    await using run = new ChaosRun(plan, dataDir, proxy, note, await StackProcess.start(dataDir, plan.chaos));
    return await run.finish();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

class ChaosRun implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #dataDir: string;
  readonly #proxy: TcpProxy;
  readonly #note: (text: string) => void;
  readonly #histories: Histories;
  #stack: StackProcess;

  constructor(
    plan: Plan,
    dataDir: string,
    proxy: TcpProxy,
    note: (text: string) => void,
    stack: StackProcess,
  ) {
    this.#plan = plan;
    this.#dataDir = dataDir;
    this.#proxy = proxy;
    this.#note = note;
    this.#histories = new Histories(plan);
    this.#stack = stack;
    proxy.target = stack.ready.pubsub;
  }

  async finish(): Promise<Outcome> {
    await using stack = new AsyncDisposableStack();
    const { projectId: project, topic } = this.#stack.ready.target;
    const { seed, messages, faults } = this.#plan;
    const common = { host: this.#proxy.host, project, topic, seed, messages, histories: this.#histories };
    const publishers = Array.from({ length: PUBLISHERS }, (_, first) =>
      stack.use(new Publisher({ ...common, first, step: PUBLISHERS })),
    );
    const published = Promise.all(publishers.map(({ done }) => done));
    const injected: InjectedFault[] = [];
    for (const fault of faults) {
      // One more than after the last fault, so what was killed works again.
      await this.#until(Math.max(fault.at, this.#histories.acknowledged + 1), published);
      const { acknowledged } = this.#histories;
      this.#note(`${acknowledged} acknowledged: ${fault.kind}`);
      const hits = await this.#inject(fault, publishers);
      if (hits === 0) this.#note('nothing is left to hit');
      injected.push({ fault, acknowledged, hits });
    }
    await this.#until(messages, published);
    await published;
    await drained(async () => (await this.#stack.ask('backlog')).backlog, STALL_MS);
    const { deadLetters } = await this.#stack.ask('backlog');
    await readDeadLetters(this.#stack.ready.target, deadLetters, this.#histories);
    return { verdict: await this.#compared(), injected };
  }

  /** Answers the number of processes, or ends of connections, that it hit. */
  async #inject(fault: Fault, publishers: readonly Publisher[]): Promise<number> {
    switch (fault.kind) {
      case 'kill -9 the local cloud':
        this.#proxy.target = undefined;
        await this.#stack[Symbol.asyncDispose]();
        this.#stack = await StackProcess.start(this.#dataDir, this.#plan.chaos);
        this.#proxy.target = this.#stack.ready.pubsub;
        return 1;
      case 'kill -9 the API':
        return (await this.#stack.ask('kill the API')).apis.length;
      case 'kill -9 a publisher': {
        // Another publisher when the planned one has nothing left to publish.
        const { publisher: from } = fault;
        for (const publisher of [...publishers.slice(from), ...publishers.slice(0, from)])
          if (await publisher.kill()) return 1;
        return 0;
      }
      case 'pause the local cloud':
        this.#stack.signal('SIGSTOP');
        await delay(fault.ms);
        this.#stack.signal('SIGCONT');
        return 1;
      case 'reset the connections of the publishers':
        return this.#proxy.reset();
    }
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

  /** Walks the list until it shows everything, or had time to. */
  async #compared(): Promise<Verdict> {
    const end = performance.now() + VISIBLE_MS;
    for (;;) {
      const late = performance.now() > end;
      this.#histories.startWalk();
      for await (const records of pagesOf(this.#stack.ready.apiUrl, 1000))
        for (const record of records) this.#histories.see(record);
      const verdict = this.#histories.verdict();
      if (problemsOf(verdict).length === 0 || verdict.twice.length > 0 || late) return verdict;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
