import { type Job, needsOf, type Step, type Workflow } from './files.ts';

const BUILT = /^\$\{\{ needs\.build\.outputs\.image \}\}$/;
/** Required reviewers and attestations of private repositories need GitHub Enterprise. */
const ENTERPRISE = "!github.event.repository.private || vars.ENTERPRISE == 'true'";
const SIGNER = `\${{ (${ENTERPRISE}) && github.repository || 'nobody' }}`;
const BACK = 'pnpm ops rollback -s prod --under-way --unlock';
const TESTS = './.github/workflows/ci.yml';
/** Commands that must pass before the build, by job of ci. */
const TESTED: Readonly<Record<string, readonly string[]>> = {
  test: ['pnpm check', 'pnpm test', 'pnpm build'],
  e2e: ['pnpm prove e2e --target local'],
};
const ORDER = ['build', 'dev', 'staging', 'prod'] as const;

/**
 * The broken rules of the way from main to production: tests first; one build; dev, staging and prod in this order, each
 * with that build and proved end to end before the next.
 */
export function problemsOfDelivery(workflows: readonly Workflow[]): string[] {
  const deploy = workflows.find(({ name }) => name === 'deploy');
  if (!deploy) return [];
  return [
    ...problemsOfTests(deploy, workflows),
    ...problemsOfBuild(deploy.jobs.build),
    ...ORDER.slice(1).flatMap((id, index) => problemsOfStack(id, ORDER[index] ?? '', deploy.jobs[id])),
  ];
}

function problemsOfTests({ jobs }: Workflow, workflows: readonly Workflow[]): string[] {
  const problems: string[] = [];
  if (!needsOf(jobs.build ?? {}).includes('test')) problems.push('deploy/build: does not wait for test');
  if (jobs.test?.uses !== TESTS || jobs.test.if !== undefined) {
    problems.push(`deploy/test: is not all of ${TESTS}`);
  }
  const ci = workflows.find(({ name }) => name === 'ci');
  for (const [id, commands] of Object.entries(TESTED)) {
    const job = ci?.jobs[id];
    const missing = commands.filter((command) => !isWhole(job, command) || job?.if !== undefined);
    for (const command of missing)
      problems.push(`ci/${id}: does not always run ${command}, and is deployed by`);
  }
  return problems;
}

function problemsOfBuild(job: Job | undefined): string[] {
  const image = job?.steps?.[indexOf(job, 'pnpm ops image')];
  return [
    ...(image ? [] : ['deploy/build: builds no image']),
    ...(image && !image.run?.includes('--frozen')
      ? ['deploy/build: builds from the tags of its bases, which can move: needs --frozen']
      : []),
    ...conditionOf('build', 'dev', job),
  ];
}

function problemsOfStack(id: string, before: string, job: Job = {}): string[] {
  const { steps = [], environment } = job;
  const release = indexOf(job, id === 'prod' ? 'pnpm ops canary "$IMAGE"' : 'pnpm ops promote "$IMAGE"');
  const { env = {}, run = '' } = steps[release] ?? {};
  return [
    ...(needsOf(job).includes(before) ? [] : [`does not wait for ${before}`]),
    ...(environment === id ? [] : [`is not in the environment ${id}, which can ask for approval`]),
    ...(steps.some(({ run: command = '' }) => /pnpm ops image |docker buildx/.test(command))
      ? ['builds again instead of promoting the image of the job build']
      : []),
    ...(BUILT.test(env.IMAGE ?? '') ? [] : ['does not promote the image of the job build']),
    ...(run.includes('--verify "$SIGNED_BY"') && env.SIGNED_BY === SIGNER
      ? []
      : ['does not verify who built the image']),
    ...(id === 'prod' || indexOf(job, 'pnpm prove e2e') > release
      ? []
      : ['is not proved end to end before the next stack']),
    ...(id !== 'prod' || steps.some(isTakenBack) ? [] : ['leaves the traffic as it is when it is cancelled']),
  ]
    .map((problem) => `deploy/${id}: ${problem}`)
    .concat(conditionOf(id, id, job));
}

function isTakenBack({ if: condition, run = '' }: Step): boolean {
  return condition === 'cancelled()' && run.startsWith(BACK);
}

/**
 * Only the existence of its stack may be a condition, and for prod that somebody can be asked: any other could run the job
 * after a failure.
 */
function conditionOf(id: string, stack: string, job: Job = {}): string[] {
  const exists = `vars.STATE_URL_${stack.toUpperCase()} != ''`;
  const allowed = id === 'prod' ? `${exists} && (${ENTERPRISE})` : exists;
  if (job.if === allowed || (job.if === undefined && id !== 'prod')) return [];
  return [`deploy/${id}: may have the condition "${allowed}" alone, and has "${job.if}"`];
}

/** Whether a job runs that command with no arguments but --out. */
function isWhole(job: Job | undefined, command: string): boolean {
  const { run = '' } = job?.steps?.[indexOf(job, command)] ?? {};
  const more = run.trim().slice(command.length);
  return run !== '' && (more === '' || more.startsWith(' --out '));
}

/** The step that always runs that command, with its exit code as the step's; -1 without one. */
function indexOf(job: Job | undefined, command: string): number {
  return (job?.steps ?? []).findIndex(
    ({ run = '', if: condition }: Step) =>
      `${run.trim()} `.startsWith(`${command} `) && !/[\n|;&]/.test(run.trim()) && condition === undefined,
  );
}

/** Deployments of one stack queue, other stacks do not wait for them, and a rollback waits for nothing. */
export function problemsOfQueues(workflows: readonly Workflow[]): string[] {
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
