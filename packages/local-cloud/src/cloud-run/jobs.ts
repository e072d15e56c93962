import type { Clock } from '../clock.ts';
import type { OnEvent } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import type { JobSpec } from '../pulumi/cloud.ts';
import { type Execution, execute } from './execution.ts';
import { commandOf, type Images } from './images.ts';
import type { Lifeline } from './lifeline.ts';
import type { MetadataServer } from './metadata-server.ts';

interface JobsOptions {
  readonly images: Images;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly onEvent: OnEvent;
  /** The metadata server of one execution. */
  startMetadata(serviceAccount: string | undefined): Promise<MetadataServer>;
}

interface Job {
  readonly spec: JobSpec;
  readonly cancelled: AbortController;
  readonly running: Set<Promise<Execution>>;
}

/** Cloud Run jobs: each execution is one process, which starts only on request. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();
  #executions = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Sets what the next execution runs. Running ones keep their spec. */
  put(spec: JobSpec): void {
    commandOf(this.#options.images, spec.image, spec.args);
    const known: Omit<Job, 'spec'> = this.#jobs.get(spec.job) ?? {
      cancelled: new AbortController(),
      running: new Set(),
    };
    this.#jobs.set(spec.job, { ...known, spec });
  }

  has(job: string): boolean {
    return this.#jobs.has(job);
  }

  async delete(name: string): Promise<void> {
    const job = this.#jobs.get(name);
    this.#jobs.delete(name);
    job?.cancelled.abort();
    await Promise.allSettled(job?.running ?? []);
  }

  /** Throws CloudError NOT_FOUND. */
  async run(name: string): Promise<Execution> {
    const job = this.#jobs.get(name);
    if (!job) {
      throw new CloudError('NOT_FOUND', `Job '${name}' does not exist.`, {
        hint: `jobs of this cloud: ${[...this.#jobs.keys()].join(', ') || 'none'}`,
      });
    }
    const execution = this.#execute(job);
    job.running.add(execution);
    try {
      return await execution;
    } finally {
      job.running.delete(execution);
    }
  }

  /** Cancels every execution. */
  async close(): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((name) => this.delete(name)));
  }

  async #execute({ spec, cancelled }: Job): Promise<Execution> {
    const { images, environment, startMetadata } = this.#options;
    const command = commandOf(images, spec.image, spec.args);
    this.#executions += 1;
    const name = `${spec.job}-${String(this.#executions).padStart(5, '0')}`;
    const metadata = await startMetadata(spec.serviceAccount);
    try {
      return await execute({
        ...this.#options,
        ...{ spec, name, command, signal: cancelled.signal },
        environment: { ...environment, GCE_METADATA_HOST: metadata.host },
      });
    } finally {
      await metadata.close();
    }
  }
}
