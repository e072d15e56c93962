import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { reasonOf } from '@records/cli';
import { ApiProcess } from '../shared/api-process.ts';
import type { BundledApi } from '../shared/bundled-api.ts';
import type { StackReady } from '../shared/stack-process-main.ts';
import { patientStatusOf, statusOf } from './checks.ts';
import type { ClockSteps } from './clock-steps.ts';

/** What a stop may take when no request is in flight. Milliseconds. */
const STOP_MS = 5_000;
/** What Cloud Run leaves to a stop. Milliseconds. */
const GRACE_MS = 10_000;
const FRESHNESS_SECONDS = 1;
/** More lines of the log than a pipe holds. */
const LOGGED_REQUESTS = 2_000;
const LOGGED_AT_ONCE = 50;
const SOCKETS_OF_EACH_KIND = 30;
/** More than the requests that an instance answers at a time. */
const SLOW_READERS = 300;
/** Answers of a slow reader, which together are larger than the buffers of a connection. */
const SLOW_PAGES = 60;
const BESIDE_SLOW_MS = 3_000;
/** Another address than that of the slow readers. */
const OTHER_CALLER = '127.0.0.2';

export type Output = 'closed' | 'full' | 'unread';

/** A process of the API beside the one of Cloud Run, whose clock, output and callers a run controls. */
export class SecondApi implements AsyncDisposable {
  readonly clock: ClockSteps;
  readonly #stack: () => StackReady;
  readonly #bigquery: string;
  /** Starts sooner than the sources, and it starts often. */
  readonly #bundle: BundledApi;
  #api: ApiProcess | undefined;
  #output: FileHandle | undefined;

  /** `bigquery`: host:port, which stays the same when the stack starts again. */
  constructor(stack: () => StackReady, bigquery: string, bundle: BundledApi, clock: ClockSteps) {
    this.#stack = stack;
    this.#bigquery = bigquery;
    this.#bundle = bundle;
    this.clock = clock;
  }

  get url(): string {
    return this.#running.url;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** Its standard output is not read when `output` is absent. */
  async start(output?: Output): Promise<void> {
    const { environment, apiEnvironment } = this.#stack();
    const place = { ...environment, BIGQUERY_EMULATOR_HOST: `http://${this.#bigquery}/bigquery/v2` };
    if (output === 'full') this.#output = await open('/dev/full', 'w');
    this.#api = await ApiProcess.start(
      { environment: place, apiEnvironment },
      FRESHNESS_SECONDS,
      {
        ...this.#bundle.environment,
        NODE_OPTIONS: `${apiEnvironment.NODE_OPTIONS ?? ''} --import=${this.clock.module}`,
        LOG_LEVEL: output === undefined ? 'fatal' : 'info',
      },
      this.#bundle.main,
      output === undefined ? 'ignore' : (this.#output?.fd ?? 'pipe'),
    );
    if (output === 'closed') this.#api.stdout?.destroy();
  }

  /** Starts it with a broken output, has it log more than a pipe holds, stops it, and starts it as before. */
  async breakOutput(output: Output): Promise<string[]> {
    const broken = await this.#stop(STOP_MS, [0]);
    try {
      await this.start(output);
      broken.push(...(await this.#logMuch()), ...(await this.#stop(STOP_MS, [0])));
    } catch (error) {
      broken.push(reasonOf(error));
    }
    await this.#output?.close();
    this.#output = undefined;
    await this.start();
    return broken;
  }

  /** Opens connections that send nothing, half a request, or one request, stops it, and starts it again. */
  async stopBesideSilence(): Promise<{ readonly hits: number; readonly broken: string[] }> {
    const page = 'GET /records HTTP/1.1\r\nHost: api\r\n';
    const texts = ['', page, `${page}\r\n`];
    const sockets = await Promise.all(
      texts.flatMap((text) => Array.from({ length: SOCKETS_OF_EACH_KIND }, () => this.#connect(text))),
    );
    const broken = await this.#stop(STOP_MS, [0]);
    for (const socket of sockets) socket.destroy();
    await this.start();
    return { hits: sockets.length, broken };
  }

  /** Has readers read nothing while another caller requests pages, stops it, and starts it again. */
  async stopBesideSlowReaders(): Promise<{ readonly hits: number; readonly broken: string[] }> {
    const requests = Array.from(
      { length: SLOW_PAGES },
      (_, n) => `GET /records?limit=1000&offset=${n} HTTP/1.1\r\nHost: api\r\n\r\n`,
    );
    const sockets = await Promise.all(
      Array.from({ length: SLOW_READERS }, () => this.#connect(requests.join(''))),
    );
    const broken: string[] = [];
    const end = performance.now() + BESIDE_SLOW_MS;
    for (let n = 0; performance.now() < end && broken.length === 0; n++) {
      const status = await patientStatusOf(this.url, `/records?offset=${n}`, OTHER_CALLER);
      if (status !== '200') broken.push(`another caller's page is answered with ${status}`);
    }
    // Answers that are being sent may use the grace up.
    broken.push(...(await this.#stop(GRACE_MS, [0, 1])));
    for (const socket of sockets) socket.destroy();
    await this.start();
    return { hits: sockets.length, broken };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.stop(GRACE_MS);
    await this.#output?.close();
  }

  async #stop(withinMs: number, codes: readonly number[]): Promise<string[]> {
    const began = performance.now();
    const code = await this.#running.stop(withinMs);
    if (typeof code === 'number' && codes.includes(code)) return [];
    const ms = (performance.now() - began).toFixed(0);
    return [`the API ended with ${code} after ${ms} ms; within ${withinMs} ms it must end by itself`];
  }

  async #logMuch(): Promise<string[]> {
    for (let n = 0; n < LOGGED_REQUESTS; n += LOGGED_AT_ONCE) {
      const paths = Array.from({ length: LOGGED_AT_ONCE }, (_, m) => `/nowhere-${n + m}`);
      const statuses = await Promise.all(paths.map((path) => statusOf(this.url, path)));
      const wrong = statuses.find((status) => status !== '404');
      if (wrong !== undefined) return [`a request that is logged is answered with ${wrong}`];
    }
    const page = await patientStatusOf(this.url, '/records');
    return page === '200' ? [] : [`a page is answered with ${page}`];
  }

  /** A connection that sends a text and reads nothing more than a first piece. */
  async #connect(text: string): Promise<Socket> {
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    // The API may end it.
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
    return socket;
  }

  get #running(): ApiProcess {
    if (this.#api === undefined) throw new Error('the second API has not started');
    return this.#api;
  }
}
