import type { Clock } from '../clock.ts';
import type { OnEvent } from '../cloud-event.ts';
import type { JobSpec } from '../pulumi/cloud.ts';
import { ContainerProcess } from './container-process.ts';
import type { ImageCommand } from './images.ts';
import type { Lifeline } from './lifeline.ts';

/** Between SIGTERM and SIGKILL. https://docs.cloud.google.com/run/docs/container-contract#job-shutdown */
const GRACE_MS = 10_000;
/** Last lines of an execution that are kept. Older lines are only events. */
const MAX_LINES = 1_000;

/** An execution of a job that has ended. */
export interface Execution {
  /** `JOB-00001` */
  readonly name: string;
  readonly succeeded: boolean;
  /** How the last attempt ended: `exit code 0`, `SIGKILL`, `timeout after 240 s`. */
  readonly how: string;
  /** 1 plus the number of retries. */
  readonly attempts: number;
  /** The last thousand lines that it wrote. */
  readonly lines: readonly string[];
}

export interface ExecutionOptions {
  readonly spec: JobSpec;
  readonly name: string;
  readonly command: ImageCommand;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly onEvent: OnEvent;
  /** Cancels the execution. */
  readonly signal: AbortSignal;
}

/** Runs the one task of a job, and retries it while it fails and a retry is left. */
export async function execute(options: ExecutionOptions): Promise<Execution> {
  const { spec, name, signal } = options;
  const lines: string[] = [];
  for (let attempt = 0; ; attempt += 1) {
    const how = await runTask(options, attempt, lines);
    const succeeded = how === 'exit code 0';
    if (succeeded || attempt >= spec.maxRetries || signal.aborted) {
      return { name, succeeded, how, attempts: attempt + 1, lines };
    }
  }
}

async function runTask(options: ExecutionOptions, attempt: number, lines: string[]): Promise<string> {
  const { spec, command, clock, lifeline, onEvent, signal } = options;
  const process = new ContainerProcess({
    name: spec.job,
    command,
    environment: environmentOf(options, attempt),
    lifeline,
    onEvent(event) {
      if (event.type === 'log' && lines.push(event.message) > MAX_LINES) lines.shift();
      onEvent(event);
    },
  });
  let stopped: string | undefined;
  let kill: { cancel(): void } | undefined;
  const stop = (reason: string) => {
    stopped = reason;
    process.kill('SIGTERM');
    kill = clock.setTimeout(() => process.kill('SIGKILL'), GRACE_MS);
  };
  const onAbort = () => stop('cancelled');
  const timeout = clock.setTimeout(
    () => stop(`timeout after ${spec.timeoutSeconds} s`),
    spec.timeoutSeconds * 1000,
  );
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const how = await process.exited;
  signal.removeEventListener('abort', onAbort);
  timeout.cancel();
  kill?.cancel();
  return stopped ?? how;
}

/** https://docs.cloud.google.com/run/docs/container-contract#jobs-env-vars */
function environmentOf(
  { spec, name, environment }: ExecutionOptions,
  attempt: number,
): Record<string, string> {
  return {
    ...environment,
    ...spec.environment,
    CLOUD_RUN_JOB: spec.job,
    CLOUD_RUN_EXECUTION: name,
    CLOUD_RUN_TASK_INDEX: '0',
    CLOUD_RUN_TASK_ATTEMPT: String(attempt),
    CLOUD_RUN_TASK_COUNT: '1',
  };
}
