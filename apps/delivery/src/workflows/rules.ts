import { type Automation, type Job, needsOf, type Step, type Workflow } from './files.ts';
import { PERMISSIONS } from './permissions.ts';

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const BUILT = /^\$\{\{ needs\.build\.outputs\.image \}\}$/;
const BACK = 'pnpm rollback -s prod --under-way --unlock';
const ALLOWED_TRIGGERS = ['pull_request', 'push', 'schedule', 'workflow_dispatch'];

/** What is wrong with what runs at GitHub, one line each; none when all is well. */
export function problemsOf({ workflows, actions }: Automation): string[] {
  return [
    ...workflows.flatMap(problemsOfWorkflow),
    ...actions.flatMap(({ name, text, steps }) => problemsOfSteps(`actions/${name}`, steps, text)),
    ...permissionsOfNobody(workflows),
    ...workflows.filter(({ name }) => name === 'deploy').flatMap(problemsOfDelivery),
    ...problemsOfQueues(workflows),
  ];
}

function problemsOfWorkflow(workflow: Workflow): string[] {
  const { name, on, permissions, concurrency, jobs, text } = workflow;
  const problems = Object.keys(on)
    .filter((trigger) => !ALLOWED_TRIGGERS.includes(trigger))
    .map(
      (trigger) =>
        `${name}: runs on ${trigger}, which can give a stranger's code the repository's permissions`,
    );
  if (!isEmptyMap(permissions)) problems.push(`${name}: "permissions" at the top must be {}`);
  if (!(concurrency || Object.values(jobs).every((job) => job.concurrency))) {
    problems.push(`${name}: has no concurrency group`);
  }
  if (/\bsecrets\b\s*[.[]/.test(text)) problems.push(`${name}: reads a secret, and there is none to read`);
  return [...problems, ...Object.entries(jobs).flatMap(([id, job]) => problemsOfJob(workflow, id, job))];
}

function problemsOfJob({ name: workflow, on, text }: Workflow, id: string, job: Job): string[] {
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
  if (!job['timeout-minutes']) problems.push(`${name}: has no timeout-minutes`);
  if (job.uses) problems.push(`${name}: calls another workflow, which these rules do not look into`);
  const keepsForksOut = job.if?.includes('head.repo.full_name == github.repository') ?? false;
  if ('pull_request' in on && given.includes('id-token: write') && !keepsForksOut) {
    problems.push(`${name}: has an identity on pull requests, also on those of forks`);
  }
  return [...problems, ...problemsOfSteps(name, job.steps ?? [], text)];
}

/** As `scope: level`. */
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
    if (run.includes('${{'))
      problems.push(`${name}: "${firstLine(run)}" builds a command from values: use env`);
    if (printsToken(run, env)) problems.push(`${name}: "${firstLine(run)}" prints a secret`);
    return problems;
  });
}

function printsToken(run: string, env: Readonly<Record<string, string>>): boolean {
  if (/^\s*(env|printenv|set -x|export -p)\b/m.test(run)) return true;
  const hidden = Object.entries(env).filter(([, value]) => /secrets\b|github\.token|_token\b/.test(value));
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

/** One build; dev, staging and prod in this order, each with what was built; proved end to end before the next. */
function problemsOfDelivery({ jobs }: Workflow): string[] {
  const problems: string[] = [];
  const order = ['build', 'dev', 'staging', 'prod'];
  for (const [index, id] of order.entries()) {
    const { steps = [], environment, ...job } = jobs[id] ?? {};
    const at = (command: string) => steps.findIndex(({ run = '' }) => run.startsWith(command));
    if (id === 'build') {
      if (at('pnpm image ') < 0) problems.push('deploy/build: builds no image');
      continue;
    }
    const before = order[index - 1] ?? '';
    if (!needsOf(job).includes(before)) problems.push(`deploy/${id}: does not wait for ${before}`);
    if (environment !== id)
      problems.push(`deploy/${id}: is not in the environment ${id}, which can ask for approval`);
    if (steps.some(({ run = '' }) => /pnpm image |docker buildx/.test(run))) {
      problems.push(`deploy/${id}: builds again instead of promoting what was built`);
    }
    const release = at(id === 'prod' ? 'pnpm canary "$IMAGE"' : 'pnpm promote "$IMAGE"');
    if (!BUILT.test(steps[release]?.env?.IMAGE ?? '')) {
      problems.push(`deploy/${id}: does not promote the image of the job build`);
    }
    if (!steps[release]?.run?.includes('--verify'))
      problems.push(`deploy/${id}: does not verify who built the image`);
    if (id !== 'prod' && !(at('pnpm e2e ') > release)) {
      problems.push(`deploy/${id}: is not proved end to end before what comes next`);
    }
    const back = steps.findIndex((step) => step.if === 'cancelled()' && step.run?.startsWith(BACK));
    if (id === 'prod' && !(back > release)) {
      problems.push('deploy/prod: leaves the traffic as it is when it is cancelled');
    }
  }
  return problems;
}

/** Deployments of one stack come one after the other, those of others do not wait for them, and a rollback waits for none. */
function problemsOfQueues(workflows: readonly Workflow[]): string[] {
  const queues = workflows.flatMap(({ name, concurrency, jobs }) => [
    { name, group: groupOf(concurrency) },
    ...Object.entries(jobs).map(([id, job]) => ({ name: `${name}/${id}`, group: groupOf(job.concurrency) })),
  ]);
  const named = queues.filter(({ group }) => group !== undefined);
  const shared = [...Map.groupBy(named, ({ group }) => group).values()].filter(({ length }) => length > 1);
  const asked = ['deploy/dev', 'deploy/staging', 'deploy/prod'];
  const known = queues.map(({ name }) => name);
  return [
    ...shared.map((jobs) => `${jobs.map(({ name }) => name).join(' and ')}: wait for each other`),
    ...asked
      .filter((name) => known.includes(name) && !named.some((one) => one.name === name))
      .map((name) => `${name}: has no queue of its own, so others wait for its approval`),
  ];
}

function groupOf(concurrency: unknown): string | undefined {
  if (typeof concurrency === 'string') return concurrency;
  const { group } = (concurrency ?? {}) as { group?: string };
  return group;
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
