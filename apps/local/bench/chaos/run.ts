import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import type { RecordRow } from '@records/records-schema';
import { PassThroughClient } from 'google-auth-library';
import { Histories, isGood, type Verdict } from './histories.ts';
import type { Fault, Plan } from './plan.ts';
import { PublisherProcess, StackProcess } from './processes.ts';
import { TcpProxy } from './proxy.ts';
import type { StackReady } from './stack-process.ts';

const PUBLISHERS = 2;
const POLL_MS = 100;
/** Longest time in which nothing moves. */
const STALL_MS = 120_000;
/** Longest time for the list to show what the table has: many windows of freshness. */
const VISIBLE_MS = 20_000;
const REASON = 'CloudPubSubDeadLetterSourceDeliveryErrorMessage';

/** Carries a plan out and compares histories. Throws when something ends or stands still that must not. */
export async function runChaos(plan: Plan, note: (text: string) => void): Promise<Verdict> {
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

  async toTheEnd(): Promise<Verdict> {
    await using publishers = new AsyncDisposableStack();
    const { project, topic } = this.#stack.ready;
    const { seed, messages, faults } = this.#plan;
    const publishing = Array.from({ length: PUBLISHERS }, (_, first) =>
      publishers.use(
        new PublisherProcess(
          { host: this.#proxy.host, project, topic, seed, messages, first, step: PUBLISHERS },
          (messages) => {
            for (const [n, attempts] of messages) this.#histories.acknowledge(n, attempts);
          },
        ),
      ),
    );
    const published = Promise.all(publishing.map(({ done }) => done));
    for (const fault of faults) {
      await this.#until(() => this.#histories.acknowledged >= fault.at, published);
      this.#note(`${this.#histories.acknowledged} acknowledged: ${fault.kind}`);
      await this.#do(fault);
    }
    await published;
    const deadLetters = await this.#drained();
    await readDeadLetters(this.#stack.ready, deadLetters, this.#histories);
    return await this.#compared();
  }

  async #do(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill -9 the local cloud':
        this.#proxy.target = undefined;
        await this.#stack[Symbol.asyncDispose]();
        this.#stack = await StackProcess.start(this.#dataDir, this.#plan.chaos);
        this.#proxy.target = this.#stack.ready.pubsub;
        return;
      case 'kill -9 the API':
        await this.#stack.ask('kill the API');
        return;
      case 'pause the local cloud':
        this.#stack.signal('SIGSTOP');
        await delay(fault.ms);
        this.#stack.signal('SIGCONT');
        return;
      case 'reset the connections of the publishers':
        this.#proxy.reset();
    }
  }

  /** Throws when nothing is acknowledged for too long, or when a publisher fails. */
  async #until(holds: () => boolean, published: Promise<unknown>): Promise<void> {
    let [before, since] = [this.#histories.acknowledged, performance.now()];
    while (!holds()) {
      await Promise.race([delay(POLL_MS), published.then(() => delay(POLL_MS))]);
      const now = this.#histories.acknowledged;
      if (now !== before) [before, since] = [now, performance.now()];
      if (performance.now() - since > STALL_MS) {
        throw new Error(`${now} messages are acknowledged, and no more for ${STALL_MS / 1_000} s`);
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

/** Every record that the API shows, by `Link: rel="next"`. */
async function* recordsOf(apiUrl: string): AsyncGenerator<RecordRow> {
  let url: URL | undefined = new URL(`${apiUrl}/records?limit=1000`);
  while (url) {
    const response: Response = await fetch(url);
    if (response.status === 429) {
      await response.body?.cancel();
      await delay(Number(response.headers.get('retry-after') ?? 1) * 1_000);
      continue;
    }
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    yield* (await response.json()) as RecordRow[];
    const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    url = next === undefined ? undefined : new URL(next, url);
  }
}

/** Reads so many dead letters. */
async function readDeadLetters(stack: StackReady, count: number, histories: Histories): Promise<void> {
  if (count === 0) return;
  const pubsub = new PubSub({
    projectId: stack.project,
    apiEndpoint: stack.pubsub,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  });
  const subscription = pubsub.subscription(stack.deadLetterSubscription);
  const read = new Set<string>();
  try {
    await new Promise<void>((resolve, reject) => {
      const stalled = setTimeout(
        () => reject(new Error(`${read.size} of ${count} dead letters came in ${STALL_MS / 1_000} s`)),
        STALL_MS,
      );
      const end = (settle: () => void) => {
        clearTimeout(stalled);
        settle();
      };
      subscription.on('error', (error) => end(() => reject(error)));
      subscription.on('message', (message) => {
        message.ack();
        // At least once: a letter that comes again is the same letter.
        if (read.has(message.id)) return;
        read.add(message.id);
        histories.bury(message.data.toString(), message.attributes[REASON]);
        if (read.size === count) end(resolve);
      });
    });
  } finally {
    await subscription.close();
    await pubsub.close();
  }
}
