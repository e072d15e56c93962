import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Client, credentials, loadPackageDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { freePort } from '@records/local-cloud';
import { memoryOf, processorSecondsOf } from '../shared/memory.ts';
import type { Answer, Column, Side } from './answer.ts';
import { TABLES } from './tables.ts';
import { type ProtoType, type ProtoValue, typeOf, valueFrom } from './zetasql-values.ts';

/** Google's reference implementation of GoogleSQL, as npm has it. */
const PACKAGE = '@fivetrandevelopers/zetasql';
const VERSION = '1.13.0';
const INSTALL_MS = 600_000;
const START_MS = 30_000;
const ANSWER_MS = 30_000;
/** Google's own limit of what one answer may hold is not reached by six people. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Features that BigQuery lacks: its timestamps have microseconds, and its arrays are neither compared nor ordered.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_properties
 */
const NOT_BIGQUERY = [
  'FEATURE_TIMESTAMP_NANOS',
  'FEATURE_V_1_1_ARRAY_EQUALITY',
  'FEATURE_V_1_3_ARRAY_ORDERING',
  'FEATURE_V_1_3_ARRAY_GREATEST_LEAST',
];

/** Features that BigQuery has, and that ZetaSQL does not count among its finished ones. */
const IN_BIGQUERY = ['FEATURE_INTERVAL_TYPE', 'FEATURE_V_1_3_COLLATION_SUPPORT'];

/** Why the evaluator cannot be had on this machine. */
export class NoEvaluatorError extends Error {
  override readonly name = 'NoEvaluatorError';
}

interface SimpleColumn {
  readonly name?: string;
  readonly type: ProtoType;
}

interface Evaluated {
  readonly content?: {
    readonly table_data?: { readonly row?: readonly { readonly cell?: readonly ProtoValue[] }[] };
  };
  readonly prepared: { readonly columns?: readonly SimpleColumn[] };
}

/** ZetaSQL's local service, in a process that is started again when it hangs or ends. */
export class ZetaSql implements Side {
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #client: Client | undefined;
  #request: object = {};
  /** Resolves when the process answers. Queries that wait together share one new start. */
  #ready: Promise<void>;
  restarts = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#ready = this.#start();
  }

  /** Throws NoEvaluatorError. */
  static async start(): Promise<ZetaSql> {
    const side = new ZetaSql(await installed());
    await side.#ready;
    return side;
  }

  /** A query whose process another query ended is asked again, once. */
  async answer(query: string, isAgain = false): Promise<Answer> {
    const ready = this.#ready;
    await ready;
    try {
      return tableOf(
        await this.#call<Evaluated>('EvaluateQuery', { sql: query, ...this.#request }, ANSWER_MS),
      );
    } catch (error) {
      const { code, details } = error as ServiceError;
      if (code === undefined) throw error;
      if (code === status.INVALID_ARGUMENT || code === status.OUT_OF_RANGE) return { error: details };
      if (code !== status.DEADLINE_EXCEEDED && code !== status.UNAVAILABLE)
        return { error: details, isServerError: true };
      if (this.#ready === ready) this.#ready = this.#restart();
      await this.#ready;
      return code === status.UNAVAILABLE && !isAgain ? await this.answer(query, true) : undefined;
    }
  }

  async #restart(): Promise<void> {
    this.restarts += 1;
    await this.#stop();
    await this.#start();
  }

  memory(): number {
    return memoryOf(this.#process?.pid ?? 0).now;
  }

  processorSeconds(): number {
    return processorSecondsOf(this.#process?.pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #start(): Promise<void> {
    const port = await freePort();
    this.#process = spawn(join(this.#folder, 'remote_server.so'), ['localhost', String(port)], {
      stdio: 'ignore',
    });
    this.#process.on('error', () => undefined);
    const protos = join(this.#folder, 'protos');
    const definition = await load('local_service.proto', {
      includeDirs: [protos],
      keepCase: true,
      longs: String,
      enums: String,
    });

    const services = loadPackageDefinition(definition) as unknown as Services;
    const { ZetaSqlLocalService } = services.zetasql.local_service;
    const client = new ZetaSqlLocalService(`localhost:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_BYTES,
    });
    this.#client = client;
    await promisify(client.waitForReady.bind(client))(Date.now() + START_MS);
    await this.#register();
  }

  /** The tables are what the evaluator makes of their own queries. */
  async #register(): Promise<void> {
    const all = await this.#call<LanguageOptions>('GetLanguageOptions', { maximum_features: true }, START_MS);
    const language_options = {
      ...all,
      product_mode: 'PRODUCT_EXTERNAL',
      supported_statement_kinds: [],
      enabled_language_features: [
        ...all.enabled_language_features.filter((feature) => !NOT_BIGQUERY.includes(feature)),
        ...IN_BIGQUERY,
      ],
    };
    const options = { language_options, default_timezone: 'UTC' };
    const builtin_function_options = { language_options };
    const catalog = { name: 'catalog', builtin_function_options };
    const made = await Promise.all(
      Object.entries(TABLES).map(async ([name, sql]) => {
        const request = { sql, options, simple_catalog: catalog };
        return { name, ...(await this.#call<Evaluated>('EvaluateQuery', request, START_MS)) };
      }),
    );
    const table = made.map(({ name, prepared }, id) => ({
      name,
      serialization_id: id + 1,
      column: prepared.columns ?? [],
    }));
    const table_content = Object.fromEntries(made.map(({ name, content }) => [name, content]));
    const request = { simple_catalog: { ...catalog, table }, table_content };
    const { registered_id } = await this.#call<{ registered_id: string }>(
      'RegisterCatalog',
      request,
      START_MS,
    );
    this.#request = { options, registered_catalog_id: registered_id };
  }

  #call<T>(method: string, request: object, ms: number): Promise<T> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => void>;
    return new Promise((resolve, reject) => {
      client[method]?.(request, { deadline: Date.now() + ms }, (error: ServiceError | null, response: T) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  async #stop(): Promise<void> {
    this.#client?.close();
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

interface LanguageOptions {
  readonly enabled_language_features: readonly string[];
}

interface Services {
  readonly zetasql: {
    readonly local_service: {
      readonly ZetaSqlLocalService: new (...args: ConstructorParameters<typeof Client>) => Client;
    };
  };
}

function tableOf({ content, prepared: { columns = [] } }: Evaluated): Answer {
  return {
    columns: namesOf(columns).map(
      (name, index): Column => ({ name, type: typeOf(columns[index]?.type ?? { type_kind: '' }) }),
    ),
    rows: (content?.table_data?.row ?? []).map(({ cell = [] }) =>
      columns.map(({ type }, index) => valueFrom(type, cell[index] ?? {})),
    ),
  };
}

/** Columns without a name are f0_, f1_, … in BigQuery. */
function namesOf(columns: readonly SimpleColumn[]): string[] {
  let anonymous = 0;
  return columns.map(({ name = '' }) => {
    if (name !== '' && !name.startsWith('$')) return name;
    anonymous += 1;
    return `f${anonymous - 1}_`;
  });
}

/** The folder of the evaluator: beside the caches of other programs, never in the workspace. */
async function installed(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NoEvaluatorError(`${PACKAGE} is used on Linux x64 only`);
  const root = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'records-platform');
  const folder = join(root, `zetasql-${VERSION}`);
  const files = join(folder, 'package', 'lib', 'zetasql');
  const isThere = await access(join(files, 'remote_server.so')).then(
    () => true,
    () => false,
  );
  if (isThere) return files;
  console.log(`Downloading ${PACKAGE}@${VERSION}, 112 MB`);
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    const run = (program: string, ...args: string[]) =>
      promisify(execFile)(program, args, { cwd: partial, timeout: INSTALL_MS });
    const { stdout } = await run('npm', 'pack', '--silent', `${PACKAGE}@${VERSION}`);
    await run(
      'tar',
      'xzf',
      stdout.trim(),
      'package/lib/zetasql/remote_server.so',
      'package/lib/zetasql/protos',
    );
    await rm(join(partial, stdout.trim()));
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw new NoEvaluatorError(`${PACKAGE}@${VERSION} cannot be had: ${String(error).slice(0, 200)}`);
  }
  return files;
}
