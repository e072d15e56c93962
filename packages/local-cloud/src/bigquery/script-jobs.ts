import { randomUUID } from 'node:crypto';
import type { Access } from '../callers.ts';
import type { Bytes } from './billing.ts';
import type { Job, JobSummary, Jobs } from './jobs.ts';
import type { ScriptText } from './sql/script.ts';

/** Beyond this the oldest jobs of a script are forgotten, so that a loop leaves the jobs of others. Google has no such limit. */
const MAX_CHILDREN = 500;

/** The child jobs of a script, which adds up their bytes. */
export class ScriptJobs {
  readonly #jobs: Jobs;
  readonly #script: Job;
  readonly #access: Access;
  readonly #forget: (job: Job) => void;
  /** The oldest first. */
  readonly #kept: Job[] = [];
  readonly #id = randomUUID().replaceAll('-', '_');
  #lastJobId: string | undefined;

  constructor(jobs: Jobs, script: Job, access: Access, forget: (job: Job) => void) {
    this.#forget = forget;
    this.#jobs = jobs;
    this.#script = script;
    this.#access = access;
    script.summary = scriptSummary();
  }

  get lastJobId(): string | undefined {
    return this.#lastJobId;
  }

  /** Runs a part of the script as a job. Throws its error. */
  async run(
    evaluationKind: 'STATEMENT' | 'EXPRESSION',
    text: ScriptText,
    caller: ScriptText | undefined,
    run: (job: Job) => Promise<void>,
  ): Promise<Job> {
    const [jobs, parent] = [this.#jobs, this.#script];
    const work = { type: 'QUERY', location: parent.location, jobTimeoutMs: undefined, run } as const;
    const configuration = { query: { query: text.text, useLegacySql: false } };
    const child = jobs.create(work, configuration, this.#access, `script_job_${this.#id}_${parent.children}`);
    parent.children += 1;
    const frames = caller ? [frameOf(text), frameOf(caller)] : [frameOf(text)];
    child.script = { parentJobId: parent.id, evaluationKind, frames };
    const stop = () => child.abort.abort(parent.abort.signal.reason);
    parent.abort.signal.addEventListener('abort', stop, { once: true });
    jobs.register(child);
    await jobs.run(child, work);
    parent.abort.signal.removeEventListener('abort', stop);
    this.#lastJobId = child.id;
    this.#kept.push(child);
    for (const oldest of this.#kept.splice(0, this.#kept.length - MAX_CHILDREN)) this.#forget(oldest);
    if (child.error) throw child.error;
    const before = parent.summary?.bytes;
    const own = child.summary?.bytes;
    parent.summary = scriptSummary({
      processed: (before?.processed ?? 0) + (own?.processed ?? 0),
      billed: (before?.billed ?? 0) + (own?.billed ?? 0),
    });
    return child;
  }
}

function frameOf({ text, start, end }: ScriptText) {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column, text };
}

export function scriptSummary(bytes: Bytes = { processed: 0, billed: 0 }): JobSummary {
  return { statementType: 'SCRIPT', bytes, referencedTables: [], fields: undefined };
}
