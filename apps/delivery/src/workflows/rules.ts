import { problemsOfDelivery, problemsOfQueues } from './delivery.ts';
import type { Automation, Job, Step, Workflow } from './files.ts';
import { PERMISSIONS } from './permissions.ts';

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const ALLOWED_TRIGGERS = ['pull_request', 'push', 'schedule', 'workflow_dispatch', 'workflow_call'];
const REUSED = /^\.\/\.github\/workflows\/([\w-]+)\.yml$/;
/** An expression that holds a token. */
const TOKEN =
  /\bsecrets\b|\bgithub\s*\.\s*token\b|\bgithub\s*\[|_token\b|toJSON\s*\(\s*(github|env|steps)\b/i;
/** Conditions under which a job with an identity must not run. https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions */
const STATUS = /\b(always|success|failure|cancelled)\s*\(/;

/** The broken rules, one line each. */
export function problemsOf({ workflows, actions }: Automation): string[] {
  return [
    ...workflows.flatMap((workflow) => problemsOfWorkflow(workflow, workflows)),
    ...actions.flatMap(({ name, text, steps }) => problemsOfSteps(`actions/${name}`, steps, text)),
    ...permissionsOfNobody(workflows),
    ...problemsOfDelivery(workflows),
    ...problemsOfQueues(workflows),
  ];
}

function problemsOfWorkflow(workflow: Workflow, all: readonly Workflow[]): string[] {
  const { name, on, permissions, concurrency, env, jobs } = workflow;
  const problems = Object.keys(on)
    .filter((trigger) => !ALLOWED_TRIGGERS.includes(trigger))
    .map(
      (trigger) =>
        `${name}: runs on ${trigger}, which can give a stranger's code the repository's permissions`,
    );
  if (!isEmptyMap(permissions)) problems.push(`${name}: "permissions" at the top must be {}`);
  if (!(concurrency || Object.values(jobs).every((job) => job.concurrency || job.uses))) {
    problems.push(`${name}: has no concurrency group`);
  }
  // In any notation, such as toJSON(secrets) or "secrets: inherit", but not in comments.
  if (/\bsecrets\b/.test(JSON.stringify([on, env, jobs]))) {
    problems.push(`${name}: reads a secret, and the repository has none`);
  }
  return [
    ...problems,
    ...tokensFor(name, env),
    ...Object.entries(jobs).flatMap(([id, job]) => problemsOfJob(workflow, id, job, all)),
  ];
}

function problemsOfJob(
  { name: workflow, on, text }: Workflow,
  id: string,
  job: Job,
  all: readonly Workflow[],
): string[] {
  const name = `${workflow}/${id}`;
  const problems: string[] = [];
  const given = permissionsOf(job);
  const allowed = Object.keys(PERMISSIONS[name] ?? {});
  for (const permission of given.filter((one) => !allowed.includes(one))) {
    problems.push(`${name}: has the permission "${permission}", which is not on the list with a reason`);
  }
  for (const permission of allowed.filter((one) => !given.includes(one))) {
    problems.push(`${name}: the list gives it "${permission}", which it does not have`);
  }
  if (job.uses !== undefined) {
    const called = all.find((one) => one.name === REUSED.exec(job.uses ?? '')?.[1]);
    if (!called || !('workflow_call' in called.on)) {
      problems.push(`${name}: calls another workflow, which these rules do not check`);
    }
  } else if (!job['timeout-minutes']) problems.push(`${name}: has no timeout-minutes`);
  if (given.includes('id-token: write') && STATUS.test(String(job.if))) {
    problems.push(`${name}: has an identity, and runs although a job that it needs failed`);
  }
  problems.push(...problemsOfFailures(name, job), ...tokensFor(name, job.env));
  const keepsForksOut = String(job.if).includes('head.repo.full_name == github.repository');
  if ('pull_request' in on && given.includes('id-token: write') && !keepsForksOut) {
    problems.push(`${name}: has an identity on pull requests, also on those of forks`);
  }
  return [...problems, ...installerOf(name, job), ...problemsOfSteps(name, job.steps ?? [], text)];
}

/** A job with a state runs Pulumi, which npm's package would download by a script that nobody pinned. */
function installerOf(name: string, { env = {}, steps = [] }: Job): string[] {
  const state = 'PULUMI_BACKEND_URL';
  const first = steps.findIndex((step) => step.run !== undefined && state in { ...env, ...step.env });
  const installs = steps.findIndex(({ uses }) => uses === './.github/actions/pulumi');
  if (first < 0 || (installs >= 0 && installs < first)) return [];
  return [
    `${name}: lets an installer that nobody pinned download Pulumi: needs ./.github/actions/pulumi first`,
  ];
}

/** A hidden failure makes a check worthless. */
function problemsOfFailures(name: string, part: Job | Step): string[] {
  const goesOn = part['continue-on-error'];
  return [
    ...(goesOn !== undefined && goesOn !== false ? [`${name}: continues on error, as if it had passed`] : []),
    ...(part.if !== undefined && /^(\$\{\{)?\s*(false|null|0|'')\s*(\}\})?$/.test(String(part.if).trim())
      ? [`${name}: has a condition that is never true`]
      : []),
  ];
}

function tokensFor(name: string, env: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(env)
    .filter(([, value]) => TOKEN.test(value))
    .map(([variable]) => `${name}: gives the token ${variable} to every step, and only one needs it`);
}

/** The permissions of a job, as `scope: level`. */
export function permissionsOf({ permissions }: Job): string[] {
  if (permissions === undefined) return ['(those of the repository)'];
  if (typeof permissions === 'string') return [permissions];
  return Object.entries(permissions).map(([scope, level]) => `${scope}: ${level}`);
}

export function isPinned(uses: string): boolean {
  return uses.startsWith('./') || PINNED.test(uses);
}

function problemsOfSteps(name: string, steps: readonly Step[], text: string): string[] {
  return steps.flatMap((step) => {
    const problems: string[] = [];
    const { uses, run = '', with: inputs = {}, env = {} } = step;
    if (uses !== undefined) {
      if (!isPinned(uses)) problems.push(`${name}: ${uses} is not pinned to a commit`);
      else if (!uses.startsWith('./') && !new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+$`, 'm').test(text)) {
        problems.push(`${name}: ${uses} has no version beside it`);
      }
      if (uses.startsWith('actions/checkout@') && inputs['persist-credentials'] !== false) {
        problems.push(`${name}: checkout leaves its credentials to every later step`);
      }
      if (uses.startsWith('actions/cache@') || 'cache' in inputs) {
        problems.push(`${name}: uses a cache, which a pull request could fill`);
      }
    }
    if ('credentials_json' in inputs) problems.push(`${name}: authenticates with a stored key`);
    problems.push(...problemsOfFailures(name, step));
    if (/\|\|\s*(true|:|exit 0|echo)|[;\n]\s*(true|:|exit 0)\s*$|\bset \+e/.test(run)) {
      problems.push(`${name}: "${firstLine(run)}" hides its failure`);
    }
    if (run.includes('${{'))
      problems.push(`${name}: "${firstLine(run)}" builds a command from values: use env`);
    if (printsToken(run, env)) problems.push(`${name}: "${firstLine(run)}" prints a secret`);
    return problems;
  });
}

function printsToken(run: string, env: Readonly<Record<string, string>>): boolean {
  if (/^\s*(env|printenv|set -x|export -p)\b/m.test(run)) return true;
  const hidden = Object.entries(env).filter(([, value]) => TOKEN.test(value));
  return hidden.some(([variable]) =>
    new RegExp(`\\b(echo|printf|cat|tee)\\b.*\\$\\{?${variable}\\b`).test(run),
  );
}

function permissionsOfNobody(workflows: readonly Workflow[]): string[] {
  const known = workflows.flatMap(({ name, jobs }) => Object.keys(jobs).map((id) => `${name}/${id}`));
  return Object.keys(PERMISSIONS)
    .filter((name) => !known.includes(name))
    .map((name) => `${name}: is on the list of permissions, and there is no such job`);
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
