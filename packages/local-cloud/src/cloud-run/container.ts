import { setTimeout as realDelay } from 'node:timers/promises';
import type { Clock, Timer } from '../clock.ts';
import type { ContainerState, OnEvent } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import { isTaken } from '../ports.ts';
import type { ContainerSpec } from '../pulumi/cloud.ts';
import { ContainerProcess } from './container-process.ts';
import type { ImageCommand } from './images.ts';
import type { Lifeline } from './lifeline.ts';
import { budgetMs, DEFAULT_STARTUP_PROBE, probeOnce } from './probe.ts';

/** Between SIGTERM and SIGKILL. https://docs.cloud.google.com/run/docs/container-contract#instance-shutdown */
const GRACE_MS = 10_000;
/** Waits before a crashed container restarts; the last one repeats. Difference: Cloud Run waits for the next request. */
const BACKOFF_MS = [0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/** After a container was ready for this long, the shortest wait applies again. */
const STABLE_MS = 60_000;
/** Between two startup probes. Difference: Cloud Run waits for the declared period, which only sets the total here. */
const POLL_MS = 25;

export interface ContainerOptions {
  readonly spec: ContainerSpec;
  readonly revision: string;
  readonly command: ImageCommand;
  readonly port: number;
  /** Further ports, by the variables that hold them. */
  readonly ports: Readonly<Record<string, number>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly onEvent: OnEvent;
}

/** One revision of a service: keeps its process running until it is stopped. */
export class Container {
  readonly revision: string;
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly options: ContainerOptions;
  #process: ContainerProcess | undefined;
  #attempt = 0;
  #stopped = false;
  #crashes = 0;
  #retry: Timer | undefined;
  #liveness: Timer | undefined;
  #ready: Promise<void> = Promise.resolve();

  constructor(options: ContainerOptions) {
    this.options = options;
    this.revision = options.revision;
    this.port = options.port;
    this.ports = options.ports;
  }

  /** The variables that its resource declares. */
  get environment(): Readonly<Record<string, string>> {
    return this.options.spec.environment;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts or restarts the process. Resolves when its startup probe passes. Throws CloudError. */
  start(): Promise<void> {
    this.#crashes = 0;
    return this.#begin();
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Sends SIGTERM, and SIGKILL after ten seconds to a process that is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#attempt += 1;
    this.#cancelTimers();
    await this.#end();
  }

  #begin(): Promise<void> {
    this.#cancelTimers();
    this.#attempt += 1;
    this.#ready = this.#run(this.#attempt);
    return this.#ready;
  }

  async #run(attempt: number): Promise<void> {
    await this.#end();
    if (attempt !== this.#attempt) return this.#superseded();
    const { port, spec, onEvent } = this.options;
    if (await isTaken(port)) {
      throw new CloudError('FAILED_PRECONDITION', `Port ${port} of service ${spec.service} is in use.`, {
        hint: 'stop the process that listens on it, or give the image another port (images of LocalCloud.create)',
      });
    }
    if (attempt !== this.#attempt) return this.#superseded();
    this.#report('starting', `revision ${this.revision} on port ${port}`);
    let phase: { isStarting?: true } = { isStarting: true };
    const process = new ContainerProcess({
      ...this.options,
      name: spec.service,
      environment: this.#environment(),
      onEvent: (event) => onEvent(event.type === 'log' ? { ...event, ...phase } : event),
    });
    this.#process = process;
    try {
      await this.#untilReady(process);
      phase = {};
    } catch (error) {
      if (attempt !== this.#attempt) return this.#superseded();
      await this.#end();
      throw error;
    }
    this.#watch(process, attempt);
  }

  #environment(): Record<string, string> {
    const { environment, spec, port, ports, revision } = this.options;
    return {
      ...environment,
      ...spec.environment,
      ...Object.fromEntries(Object.entries(ports).map(([variable, value]) => [variable, String(value)])),
      PORT: String(port),
      K_SERVICE: spec.service,
      K_REVISION: revision,
      K_CONFIGURATION: spec.service,
    };
  }

  /** Follows the newer start, or fails when the service was stopped. */
  #superseded(): Promise<void> {
    if (!this.#stopped) return this.#ready;
    return Promise.reject(new CloudError('CANCELLED', `Service ${this.options.spec.service} was stopped.`));
  }

  async #untilReady(process: ContainerProcess): Promise<void> {
    const { spec, clock, port } = this.options;
    const probe = spec.startupProbe ?? DEFAULT_STARTUP_PROBE;
    const over = new AbortController();
    let expired = false;
    const deadline = clock.setTimeout(() => {
      expired = true;
    }, budgetMs(probe));
    try {
      for (;;) {
        const refusal = await Promise.race([probeOnce(probe, port, clock, over.signal), process.exited]);
        if (process.hasExited) throw this.#notReady(`the process ended (${await process.exited})`, process);
        if (refusal === undefined) return;
        if (expired) {
          const seconds = budgetMs(probe) / 1000;
          throw this.#notReady(`its startup probe did not pass within ${seconds} s (${refusal})`, process);
        }
        await Promise.race([realDelay(POLL_MS), process.exited]);
      }
    } finally {
      deadline.cancel();
      over.abort();
    }
  }

  #notReady(reason: string, process: ContainerProcess): CloudError {
    const output = process.lastLines.toString();
    return new CloudError(
      'FAILED_PRECONDITION',
      `Revision '${this.revision}' is not ready and cannot serve traffic: ${reason}.${output ? ` Its last lines:\n${output}` : ' It wrote nothing.'}`,
    );
  }

  #watch(process: ContainerProcess, attempt: number): void {
    const readySince = this.options.clock.now();
    this.#report('ready', `http://127.0.0.1:${this.port}`);
    this.#checkLiveness(process, 0);
    process.exited.then((how) => {
      if (attempt !== this.#attempt) return;
      if (this.options.clock.now() - readySince >= STABLE_MS) this.#crashes = 0;
      this.#startAgain(`the process ended (${how})`);
    });
  }

  #startAgain(reason: string): void {
    this.#cancelTimers();
    const wait = BACKOFF_MS[Math.min(this.#crashes, BACKOFF_MS.length - 1)] ?? 0;
    this.#crashes += 1;
    this.#report('crashed', `${reason}; starts again ${wait === 0 ? 'now' : `in ${wait / 1000} s`}`);
    this.#retry = this.options.clock.setTimeout(() => {
      this.#begin().catch((error: unknown) => {
        if (!this.#stopped) this.#startAgain(error instanceof Error ? error.message : String(error));
      });
    }, wait);
  }

  #checkLiveness(process: ContainerProcess, failures: number): void {
    const { spec, clock } = this.options;
    const probe = spec.livenessProbe;
    if (!probe) return;
    this.#liveness = clock.setTimeout(async () => {
      const refusal = await probeOnce(probe, this.port, clock);
      if (this.#process !== process || process.hasExited) return;
      if (refusal === undefined) return this.#checkLiveness(process, 0);
      const count = failures + 1;
      const isLast = count >= probe.failureThreshold;
      if (isLast) process.kill('SIGKILL');
      else this.#checkLiveness(process, count);
      const consequence = isLast ? '; the process is killed' : '';
      this.#report(
        'unhealthy',
        `${count} of ${probe.failureThreshold} liveness probes failed (${refusal})${consequence}`,
      );
    }, probe.periodSeconds * 1000);
  }

  async #end(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    if (!process.hasExited) {
      process.kill('SIGTERM');
      const timer = this.options.clock.setTimeout(() => process.kill('SIGKILL'), GRACE_MS);
      const how = await process.exited;
      timer.cancel();
      this.#report('stopped', how);
    }
    if (this.#process === process) this.#process = undefined;
  }

  #cancelTimers(): void {
    this.#retry?.cancel();
    this.#liveness?.cancel();
  }

  #report(state: ContainerState, message: string): void {
    this.options.onEvent({ type: 'container', service: this.options.spec.service, state, message });
  }
}
