import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Histories, isGood, type Verdict } from './histories.ts';
import { type Fault, type Plan, PUBLISHERS } from './plan.ts';
import { StackProcess } from './processes.ts';
import { TcpProxy } from './proxy.ts';
import { Publisher } from './publisher.ts';
import { readDeadLetters, recordsOf } from './readers.ts';

const POLL_MS = 100;
/** Longest time in which nothing moves. */
const STALL_MS = 120_000;
/** Longest time for the list to show what the table has: many windows of freshness. */
const VISIBLE_MS = 20_000;

/** A fault that was carried out. */
export interface Suffered {
  readonly fault: Fault;
  /** Messages that were acknowledged when it came. */
  readonly acknowledged: number;
  /** Processes, or ends of connections, that it met. */
  readonly met: number;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly suffered: readonly Suffered[];
}

/** Carries a plan out and compares histories. Throws when something ends or stands still that must not. */
export async function runChaos(plan: Plan, note: (text: string) => void): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chaos-'));
  try {
    await using proxy = await TcpProxy.start();
    await using run = await Run.start(plan, dataDir, proxy, note);
    return await run.toTheEnd();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

class Run implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #dataDir: string;
  readonly #proxy: TcpProxy;
  readonly #note: (text: string) => void;
  readonly #histories: Histories;
  #stack: StackProcess;

  private constructor(
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

  static async start(
    plan: Plan,
    dataDir: string,
    proxy: TcpProxy,
    note: (text: string) => void,
  ): Promise<Run> {
    return new Run(plan, dataDir, proxy, note, await StackProcess.start(dataDir, plan.chaos));
  }

  async toTheEnd(): Promise<Outcome> {
    await using stack = new AsyncDisposableStack();
    const { projectId: project, topic } = this.#stack.ready.target;
    const { seed, messages, faults } = this.#plan;
    const common = { host: this.#proxy.host, project, topic, seed, messages, histories: this.#histories };
    const publishers = Array.from({ length: PUBLISHERS }, (_, first) =>
      stack.use(new Publisher({ ...common, first, step: PUBLISHERS })),
    );
    const published = Promise.all(publishers.map(({ done }) => done));
    const suffered: Suffered[] = [];
    for (const fault of faults) {
      // One more than at the end of the last fault: what was killed then works again.
      await this.#until(Math.max(fault.at, this.#histories.acknowledged + 1), published);
      const { acknowledged } = this.#histories;
      this.#note(`${acknowledged} acknowledged: ${fault.kind}`);
      const met = await this.#do(fault, publishers);
      if (met === 0) this.#note('nothing is left that it could meet');
      suffered.push({ fault, acknowledged, met });
    }
    await this.#until(messages, published);
    await published;
    const deadLetters = await this.#drained();
    await readDeadLetters(this.#stack.ready.target, deadLetters, this.#histories);
    return { verdict: await this.#compared(), suffered };
  }

  /** Returns how much it met: processes, or ends of connections. */
  async #do(fault: Fault, publishers: readonly Publisher[]): Promise<number> {
    switch (fault.kind) {
      case 'kill -9 the local cloud':
        this.#proxy.target = undefined;
        await this.#stack[Symbol.asyncDispose]();
        this.#stack = await StackProcess.start(this.#dataDir, this.#plan.chaos);
        this.#proxy.target = this.#stack.ready.pubsub;
        return 1;
      case 'kill -9 the API':
        return (await this.#stack.ask('kill the API')).apis;
      case 'kill -9 a publisher': {
        // Another one where the planned one has nothing left to publish.
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

  /**
   * Waits until so many messages are acknowledged, or all. Throws when none is for too long, or when a publisher fails or
   * ends too early.
   */
  async #until(count: number, published: Promise<unknown>): Promise<void> {
    const histories = this.#histories;
    const wanted = Math.min(count, this.#plan.messages);
    while (histories.acknowledged < wanted) {
      const over = new AbortController();
      const stalled = delay(STALL_MS, `nothing came for ${STALL_MS / 1_000} s`, { signal: over.signal });
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

  /** Waits until nothing is left to write; answers how many dead letters there are. */
  async #drained(): Promise<number> {
    let [before, since] = [-1, performance.now()];
    for (;;) {
      const { backlog, deadLetters } = await this.#stack.ask('backlog');
      if (backlog === 0) return deadLetters;
      if (backlog !== before) [before, since] = [backlog, performance.now()];
      if (performance.now() - since > STALL_MS) {
        throw new Error(`${backlog} messages wait to be written, and no fewer for ${STALL_MS / 1_000} s`);
      }
      await delay(POLL_MS);
    }
  }

  /** Walks the list until it shows everything, or is old enough to. */
  async #compared(): Promise<Verdict> {
    const end = performance.now() + VISIBLE_MS;
    for (;;) {
      const late = performance.now() > end;
      this.#histories.startWalk();
      for await (const record of recordsOf(this.#stack.ready.apiUrl)) this.#histories.see(record);
      const verdict = this.#histories.verdict();
      if (isGood(verdict) || verdict.twice.length > 0 || late) return verdict;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
