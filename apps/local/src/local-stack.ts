import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EMPTY_KEY_LIST, textOf } from '@records/api-keys';
import { variablesFor } from '@records/infra/deployment';
import {
  type ChaosOptions,
  type CloudEvent,
  type Deployment,
  DeploymentError,
  type Execution,
  type GoneColumns,
  LocalCloud,
  type Problem,
  type ProgramOptions,
} from '@records/local-cloud';
import {
  type Account,
  type Accounts,
  INFRA,
  LOCAL_IMAGE,
  REPOSITORY,
  type StackDescription,
  type StackOutputs,
  type Target,
  targetOf,
} from '@records/stack';
import { Applies } from './applies.ts';
import { Traces } from './traces.ts';

/** The Pulumi stack that the local cloud runs. */
const STACK = 'local';

/** The name of the API's Cloud Run service in the Pulumi program. */
const API_SERVICE = 'records-api';

/** The name of the Cloud Run job that deletes forgotten people again. */
const SWEEP_JOB = 'records-sweep';
/** The name of the prober's Cloud Run job. */
const PROBE_JOB = 'records-probe';

/** The variable that tells the API on which port to serve its metrics. */
const METRICS_PORT = 'METRICS_PORT';

/** The id of the secret that holds the list of API keys. */
const API_KEYS_SECRET = 'records-api-keys';

/** Ports to listen on; 0 picks a free one. */
export interface Ports {
  readonly api: number;
  readonly pubsub: number;
  readonly bigquery: number;
}

const FREE_PORTS: Ports = { api: 0, pubsub: 0, bigquery: 0 };

export interface LocalStackOptions {
  /** Folder of the data, messages and Pulumi state. When absent, they stay in memory. */
  readonly dataDir?: string;
  /** Delete the contents of `dataDir` first. */
  readonly fresh?: boolean;
  readonly ports?: Ports;
  /** Another copy of the Pulumi project, to try a change. */
  readonly infraDir?: string;
  /** Settings that override those of Pulumi.local.yaml. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Faults in Pub/Sub's deliveries; none when absent. */
  readonly chaos?: ChaosOptions;
  /**
   * Asked when tables with rows have columns that the program no longer declares, with a problem for each table. Undefined,
   * or without this option, the deployment fails.
   */
  readonly onGoneColumns?: ((problems: readonly Problem[]) => Promise<GoneColumns | undefined>) | undefined;
  /** URL of a module that the API's process loads first, as by Node's `--import`. */
  readonly apiPreload?: string;
  readonly onEvent?: (event: CloudEvent) => void;
}

/** The whole system on this machine: the local cloud, the Pulumi program applied to it, and the API that it declares. */
export class LocalStack {
  /** The last runs of the program. */
  readonly applies: Applies;
  /** The last spans of the API, its probe, and the local BigQuery. */
  readonly traces: Traces;
  readonly #cloud: LocalCloud;
  readonly #program: ProgramOptions;
  #deployment: Deployment;
  #accounts: Accounts;

  private constructor(
    { applies, traces }: Pick<LocalStack, 'applies' | 'traces'>,
    cloud: LocalCloud,
    program: ProgramOptions,
    deployment: Deployment,
    accounts: Accounts,
  ) {
    this.applies = applies;
    this.traces = traces;
    this.#cloud = cloud;
    this.#program = program;
    this.#deployment = deployment;
    this.#accounts = accounts;
  }

  /** Throws the errors of LocalCloud.create and LocalCloud.deploy; then nothing keeps running. */
  static async create(options: LocalStackOptions = {}): Promise<LocalStack> {
    const {
      dataDir,
      fresh = false,
      ports = FREE_PORTS,
      infraDir = INFRA,
      settings,
      chaos,
      apiPreload,
      onGoneColumns,
      onEvent,
    } = options;
    const environment = variablesFor(LOCAL_IMAGE, undefined);
    const program = {
      ...{ projectDir: infraDir, stack: STACK, environment },
      ...(settings && { config: settings }),
    };
    if (fresh && dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
    const applies = new Applies();
    const traces = await Traces.listen();
    const cloud = await LocalCloud.create({
      projectId: 'records-local',
      location: 'southamerica-west1',
      ports: { pubsub: ports.pubsub, bigquery: ports.bigquery },
      images: {
        api: {
          command: process.execPath,
          args: [
            ...(apiPreload === undefined ? [] : ['--import', apiPreload]),
            join('apps', 'api', 'src', 'main.ts'),
          ],
          entryPoints: {
            'probe.js': [join('apps', 'prober', 'src', 'main.ts')],
            'sweep.js': [join('apps', 'api', 'src', 'sweep', 'main.ts')],
          },
          cwd: REPOSITORY,
          environment: {
            // As the Dockerfile does, but for this machine only.
            ...{ HOST: '127.0.0.1', NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
            OTEL_EXPORTER_OTLP_ENDPOINT: traces.endpoint,
          },
          port: ports.api,
          ports: { [METRICS_PORT]: 0 },
        },
      },
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(chaos === undefined ? {} : { chaos }),
      onEvent(event) {
        applies.hear(event);
        onEvent?.(event);
      },
      onTracedCall: (call) => traces.addCall(call),
    }).catch(async (error: unknown) => {
      await traces.close();
      throw error;
    });
    try {
      // At Google, `pnpm ops api-keys init` creates the list.
      if (!cloud.secrets.has(API_KEYS_SECRET))
        cloud.secrets.addVersion(API_KEYS_SECRET, textOf(EMPTY_KEY_LIST));
      const deployment = await applies.during(() => firstDeployment(cloud, program, onGoneColumns));
      return new LocalStack(
        { applies, traces },
        cloud,
        program,
        deployment,
        await accountsOf(cloud, deployment),
      );
    } catch (error) {
      await cloud.close();
      await traces.close();
      throw error;
    }
  }

  get cloud(): LocalCloud {
    return this.#cloud;
  }

  /** The last run of the program that succeeded. */
  get deployment(): Deployment {
    return this.#deployment;
  }

  get outputs(): StackOutputs {
    return this.#deployment.outputs as unknown as StackOutputs;
  }

  /** Environment variables that connect Google's clients to the local cloud. */
  get environment(): Readonly<Record<string, string>> {
    return this.#cloud.environment;
  }

  /** The variables that the program declares for the API. */
  get apiEnvironment(): Readonly<Record<string, string>> {
    return this.#cloud.cloudRun.services().find(({ service }) => service === API_SERVICE)?.environment ?? {};
  }

  /** Whether the API's process runs. */
  get isApiRunning(): boolean {
    return this.#cloud.cloudRun
      .services()
      .some(({ service, pid }) => service === API_SERVICE && pid !== undefined);
  }

  /** URL of the API's metrics; undefined while it is not deployed. */
  get apiMetrics(): string | undefined {
    return this.metrics[API_SERVICE];
  }

  /** URLs of metrics in Prometheus' format, by the name of the service. */
  get metrics(): Readonly<Record<string, string>> {
    const services = this.#cloud.cloudRun.services().flatMap(({ service, ports }) => {
      const port = ports[METRICS_PORT];
      return port === undefined ? [] : [[service, `http://127.0.0.1:${port}/metrics`]];
    });
    return { ...Object.fromEntries(services), 'local-cloud': this.#cloud.metricsUrl };
  }

  /** The topic to which the seeder publishes and the table in which its records must appear. */
  get seedTarget(): Target {
    return targetOf(this.outputs, this.environment, this.#accounts);
  }

  /** Tells other processes how to use this stack. */
  get description(): StackDescription {
    const { outputs, environment, metrics } = this;
    return {
      ...{ pid: process.pid, outputs: { ...outputs }, environment, metrics },
      ...this.#accounts,
    };
  }

  /** The account as which the seeder publishes: the first service account among the stack's publishers. */
  get publisher(): Account | undefined {
    return this.#accounts.publisher;
  }

  /** Whether the table has no rows. */
  async isEmpty(): Promise<boolean> {
    const [, datasetId = '', tableId = ''] = this.outputs.table.split('.');
    const { numRows } = await this.#cloud.bigquery.getTable(datasetId, tableId);
    return Number(numRows) === 0;
  }

  /** Runs the Pulumi program again and applies what changed. */
  async redeploy(): Promise<Deployment> {
    this.#deployment = await this.applies.during(() => this.#cloud.deploy(this.#program));
    this.#accounts = await accountsOf(this.#cloud, this.#deployment);
    return this.#deployment;
  }

  /** Restarts the API with its present code; resolves when it is ready. */
  async restartApi(): Promise<void> {
    await this.#cloud.cloudRun.restart(API_SERVICE);
  }

  /** Kills the API's process as a crash would; Cloud Run restarts it. */
  killApi(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#cloud.cloudRun.kill(API_SERVICE, signal);
  }

  /** Runs the prober's job, with the environment and the account that the program declares. */
  runProbe(): Promise<Execution> {
    return this.#cloud.cloudRun.runJob(PROBE_JOB);
  }

  /** Runs the job that deletes what arrived again of forgotten people. */
  runSweep(): Promise<Execution> {
    return this.#cloud.cloudRun.runJob(SWEEP_JOB);
  }

  async close(): Promise<void> {
    await this.#cloud.close();
    // Last: the API sends its last spans when it stops.
    await this.traces.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Tables of earlier runs may have columns that the developer tried and took back, or those of another branch. */
async function firstDeployment(
  cloud: LocalCloud,
  program: ProgramOptions,
  ask: LocalStackOptions['onGoneColumns'],
): Promise<Deployment> {
  try {
    return await cloud.deploy(program);
  } catch (error) {
    const problems = error instanceof DeploymentError ? error.problems : [];
    const isThatAll = problems.length > 0 && problems.every(({ goneColumns }) => goneColumns);
    const goneColumns = isThatAll ? await ask?.(problems) : undefined;
    if (goneColumns === undefined) throw error;
    return cloud.deploy({ ...program, goneColumns });
  }
}

const SERVICE_ACCOUNT = 'serviceAccount:';

/** The first service account among the publishers, and among the analysts. */
async function accountsOf(cloud: LocalCloud, { outputs }: Deployment): Promise<Accounts> {
  const of = async (members: readonly string[]): Promise<Account | undefined> => {
    const member = members.find((one) => one.startsWith(SERVICE_ACCOUNT));
    if (member === undefined) return undefined;
    return { member, metadataHost: await cloud.metadataHostFor(member.slice(SERVICE_ACCOUNT.length)) };
  };
  const { publishers = [], analysts = [] } = outputs as Partial<StackOutputs>;
  const [publisher, analyst] = [await of(publishers), await of(analysts)];
  return { ...(publisher && { publisher }), ...(analyst && { analyst }) };
}
