import { join } from 'node:path';
import { BigQuery } from './bigquery/bigquery.ts';
import type { OnTracedCall } from './bigquery/rest/traced-call.ts';
import { BigQueryServer } from './bigquery/server.ts';
import { Callers } from './callers.ts';
import { Chaos, type ChaosOptions } from './chaos.ts';
import { type Clock, systemClock } from './clock.ts';
import type { CloudEvent } from './cloud-event.ts';
import { CloudRun } from './cloud-run/cloud-run.ts';
import type { Images } from './cloud-run/images.ts';
import { openDataFolder } from './data-folder.ts';
import { Iam } from './iam.ts';
import { cloudMetrics } from './metrics/cloud-metrics.ts';
import { MetricsServer } from './metrics/server.ts';
import { isTaken } from './ports.ts';
import { PubSub } from './pubsub/pubsub.ts';
import { PubSubServer } from './pubsub/server.ts';
import {
  type Deployment,
  PLACEHOLDER_PROJECT_NUMBER,
  type ProgramOptions,
  PulumiEngine,
} from './pulumi/engine.ts';
import { Secrets } from './secrets.ts';

export interface LocalCloudOptions {
  readonly projectId: string;
  /** About twelve digits; Google assigns one to every project. */
  readonly projectNumber?: string;
  /** Location of jobs, and of datasets that name none: `southamerica-west1`. */
  readonly location: string;
  /** Folder for messages, rows, grants, secrets and Pulumi states; absent: they end with this process. */
  readonly dataDir?: string;
  /** 0 or absent: a free port. */
  readonly ports?: { readonly pubsub?: number; readonly bigquery?: number; readonly metrics?: number };
  readonly clock?: Clock;
  /** Faults in Pub/Sub's delivery; none when absent. */
  readonly chaos?: ChaosOptions;
  /** The command to run instead of each Cloud Run image. */
  readonly images?: Images;
  /** Logs of containers and programs, steps of deployments, warnings. */
  onEvent?(event: CloudEvent): void;
  /** Requests to BigQuery whose callers sampled their traces. */
  readonly onTracedCall?: OnTracedCall;
}

/** A port of the local cloud is in use. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly port: number;
  /** The option that changes the port: `ports.pubsub`. */
  readonly option: string;

  constructor(service: string, port: number, option: string, cause: unknown) {
    const hint = `stop the process that listens on it, or set ${option} of LocalCloud.create to another port (0 picks a free one)`;
    super(`port ${port} for ${service} is in use: ${hint}`, { cause });
    this.port = port;
    this.option = option;
  }
}

/** Pub/Sub, BigQuery, IAM and Cloud Run of one Google Cloud project, on this machine. */
export class LocalCloud {
  readonly projectId: string;
  readonly iam: Iam;
  readonly bigquery: BigQuery;
  readonly pubsub: PubSub;
  readonly cloudRun: CloudRun;
  readonly secrets: Secrets;
  /** The faults in Pub/Sub's delivery. */
  readonly chaos: Chaos;
  /** Environment variables that point Google's clients at this cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** URL of the Cloud Monitoring metrics of Pub/Sub and BigQuery, in Prometheus's format. */
  readonly metricsUrl: string;
  readonly #engine: PulumiEngine;
  readonly #callers: Callers;
  readonly #parts: readonly Closable[];
  #closing: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.projectId = parts.projectId;
    this.iam = parts.iam;
    this.bigquery = parts.bigquery;
    this.pubsub = parts.pubsub;
    this.cloudRun = parts.cloudRun;
    this.secrets = parts.secrets;
    this.chaos = parts.chaos;
    this.environment = parts.environment;
    this.metricsUrl = parts.metricsUrl;
    this.#engine = parts.engine;
    this.#callers = parts.callers;
    this.#parts = parts.opened;
  }

  /** Throws PortTakenError, or CloudError FAILED_PRECONDITION when another process uses `dataDir`, or its data cannot be read. */
  static async create(options: LocalCloudOptions): Promise<LocalCloud> {
    const opened: Closable[] = [];
    try {
      return new LocalCloud(await open(options, opened));
    } catch (error) {
      await closeAll(opened).catch((closing: unknown) => {
        throw new AggregateError([error, closing], 'the local cloud failed to start, and then to stop');
      });
      throw error;
    }
  }

  /** Runs a Pulumi program and applies its resources to this cloud. Throws DeploymentError. */
  deploy(options: ProgramOptions): Promise<Deployment> {
    return this.#engine.deploy(options);
  }

  /**
   * An access token for the service account with this e-mail. Pub/Sub and BigQuery allow a request that carries it what
   * the account is granted. It expires after an hour, or when this process ends.
   */
  accessTokenFor(email: string): string {
    return this.#callers.tokenFor(email);
  }

  /**
   * `HOST:PORT` of a metadata server that issues access tokens for a service account, a value for `GCE_METADATA_HOST`. It
   * serves processes that are not containers and outlive a token. It stops with this cloud.
   */
  metadataHostFor(email: string): Promise<string> {
    return this.cloudRun.metadataHostFor(email);
  }

  /** Stops everything. Throws AggregateError with the error of every part that failed to stop. */
  close(): Promise<void> {
    this.#closing ??= closeAll(this.#parts);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Closable {
  close(): Promise<void>;
}

interface Parts {
  readonly projectId: string;
  readonly iam: Iam;
  readonly bigquery: BigQuery;
  readonly pubsub: PubSub;
  readonly cloudRun: CloudRun;
  readonly secrets: Secrets;
  readonly chaos: Chaos;
  readonly environment: Readonly<Record<string, string>>;
  readonly metricsUrl: string;
  readonly engine: PulumiEngine;
  readonly callers: Callers;
  /** In opening order. */
  readonly opened: readonly Closable[];
}

async function open(options: LocalCloudOptions, opened: Closable[]): Promise<Parts> {
  const { projectId, projectNumber = PLACEHOLDER_PROJECT_NUMBER, location, dataDir, ports = {} } = options;
  const { clock = systemClock, images = {} } = options;
  const onEvent = (event: CloudEvent) => options.onEvent?.(event);
  const folder = (name: string) => (dataDir === undefined ? {} : { path: join(dataDir, name) });
  const keep = <T extends Closable>(part: T): T => {
    opened.push(part);
    return part;
  };

  const lost = dataDir === undefined ? [] : openDataFolder(dataDir);
  const iam = new Iam(folder('iam'));
  const warn = (source: string) => (message: string) =>
    onEvent({ type: 'log', source, severity: 'warning', message });
  const callers = new Callers({ iam, clock, onRefused: warn('iam') });
  const bigquery = keep(
    await BigQuery.open({
      projectId,
      projectNumber,
      location,
      clock,
      iam,
      onWarning: warn('bigquery'),
      ...folder('bigquery'),
    }),
  );
  const chaos = new Chaos(options.chaos);
  const pubsub = keep(
    await PubSub.open({
      clock,
      iam,
      warehouse: bigquery,
      projectNumber: () => projectNumber,
      chaos,
      onWarning: warn('pubsub'),
      ...folder('pubsub'),
    }),
  );
  const bigqueryServer = keep(
    await listen('BigQuery', ports.bigquery ?? 0, 'ports.bigquery', (port) =>
      BigQueryServer.listen(bigquery, { port, callers, onTracedCall: options.onTracedCall }),
    ),
  );
  const pubsubServer = keep(
    await listen('Pub/Sub', ports.pubsub ?? 0, 'ports.pubsub', (port) =>
      PubSubServer.listen(pubsub, { port, callers }),
    ),
  );
  const { url: metricsUrl } = keep(
    await listen('metrics', ports.metrics ?? 0, 'ports.metrics', (port) =>
      MetricsServer.listen(port, () => cloudMetrics(pubsub, bigquery)),
    ),
  );

  // Without the project: on Cloud Run, too, a container gets it only if its resource declares it.
  const endpoints = {
    PUBSUB_EMULATOR_HOST: pubsubServer.host,
    // Google's client uses the value as the whole base URL.
    BIGQUERY_EMULATOR_HOST: `${bigqueryServer.url}/bigquery/v2`,
    METADATA_SERVER_DETECTION: 'none',
  };
  const cloudRun = new CloudRun({
    projectId,
    projectNumber,
    location,
    images,
    environment: endpoints,
    tokenFor: (email) => callers.tokenFor(email),
    refusalOf: (service, authorization) => callers.refusalOf('run.routes.invoke', service, authorization),
    clock,
    onEvent,
  });
  const secrets = keep(new Secrets(folder('secrets')));
  const cloud = { iam, bigquery, pubsub, cloudRun, secrets };
  const stateDir = folder('pulumi').path;
  const engine = keep(new PulumiEngine({ cloud, projectId, projectNumber, stateDir, lost, onEvent }));
  // After the engine, so that it closes first: the engine waits for services that are starting.
  keep(cloudRun);
  // For commands that people run. A service reads a secret through the volume that its resource mounts.
  const environment = {
    ...endpoints,
    GOOGLE_CLOUD_PROJECT: projectId,
    LOCAL_SECRETS_FOLDER: secrets.folder,
  };
  return {
    projectId,
    iam,
    bigquery,
    pubsub,
    cloudRun,
    secrets,
    chaos,
    environment,
    metricsUrl,
    engine,
    callers,
    opened,
  };
}

async function listen<T>(
  service: string,
  port: number,
  option: string,
  start: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await start(port);
  } catch (error) {
    if (port !== 0 && (await isTaken(port))) throw new PortTakenError(service, port, option, error);
    throw error;
  }
}

/** Closes every part, the last opened first, even when some fail. */
async function closeAll(parts: readonly Closable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts.toReversed()) {
    try {
      await part.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw new AggregateError(failures, `${failures.length} part(s) of the local cloud failed to stop`);
  }
}
