import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@records/local-cloud';
import type { Rule, TimeLapse } from '@records/monitoring';
import { type AlertState, readAlerts } from './alerts.ts';
import { configurationFiles, FILE_NAMES, targetsFile } from './configuration.ts';
import type { Programs } from './programs.ts';
import { ServerProcess } from './server-process.ts';

export interface ObservatoryOptions {
  readonly programs: Programs;
  readonly rules: readonly Rule[];
  readonly time: TimeLapse;
  /** URLs of metrics, by the name of the job. */
  readonly metrics: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Prometheus and Alertmanager with the generated rules, on free ports of this machine and in a temporary folder. */
export class Observatory implements AsyncDisposable {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly #folder: string;
  readonly #parts: AsyncDisposableStack;
  readonly #servers: readonly ServerProcess[];

  private constructor(
    folder: string,
    parts: AsyncDisposableStack,
    ...servers: readonly [prometheus: ServerProcess, alertmanager: ServerProcess]
  ) {
    [this.prometheusUrl, this.alertmanagerUrl] = [servers[0].url, servers[1].url];
    this.#folder = folder;
    this.#parts = parts;
    this.#servers = servers;
  }

  /** Throws UserError when one of them does not start. */
  static async start(options: ObservatoryOptions): Promise<Observatory> {
    const { programs, rules, time, metrics, signal } = options;
    await using parts = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'observe-'));
    parts.defer(() => rm(folder, { recursive: true, force: true }));
    const hosts = { prometheus: await freeHost(), alertmanager: await freeHost() };
    const files = configurationFiles({ rules, time, alertmanager: hosts.alertmanager });
    for (const [name, contents] of Object.entries(files)) await writeFile(join(folder, name), contents);
    await writeTargets(folder, metrics);
    const start = (command: string, args: readonly string[], host: string) =>
      parts.use(
        new ServerProcess(command, [...args, `--web.listen-address=${host}`], folder, `http://${host}`),
      );
    const alertmanager = start(
      programs.alertmanager,
      // An empty address turns clustering off.
      [
        `--config.file=${FILE_NAMES.alertmanager}`,
        '--storage.path=alertmanager',
        '--cluster.listen-address=',
      ],
      hosts.alertmanager,
    );
    const prometheus = start(
      programs.prometheus,
      [`--config.file=${FILE_NAMES.prometheus}`, '--storage.tsdb.path=prometheus'],
      hosts.prometheus,
    );
    await Promise.all([alertmanager.ready('/-/ready', signal), prometheus.ready('/-/ready', signal)]);
    return new Observatory(folder, parts.move(), prometheus, alertmanager);
  }

  /** Replaces the targets. */
  async setTargets(metrics: Readonly<Record<string, string>>): Promise<void> {
    await writeTargets(this.#folder, metrics);
  }

  /** The present state of every alert. Throws UserError when a server has ended. */
  async alerts(signal: AbortSignal): Promise<AlertState[]> {
    for (const server of this.#servers) await server.check();
    return readAlerts(this.prometheusUrl, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

async function freeHost(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** Writes the file atomically: Prometheus reads it whenever it changes. */
async function writeTargets(folder: string, metrics: Readonly<Record<string, string>>): Promise<void> {
  const path = join(folder, FILE_NAMES.targets);
  await writeFile(`${path}.new`, targetsFile(metrics));
  await rename(`${path}.new`, path);
}
