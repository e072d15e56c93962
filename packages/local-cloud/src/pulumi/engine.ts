import type { OnEvent, StepEvent } from '../cloud-event.ts';
import { partOf, type StoredPart } from '../data-folder.ts';
import type { Cloud } from './cloud.ts';
import { DeploymentError, type Problem } from './deployment-error.ts';
import { GcpDeclarations } from './gcp-declarations.ts';
import { type HookBinding, Hooks } from './hooks.ts';
import { type ProgramResult, type RunOptions, runProgram } from './language-runtime.ts';
import { MonitorServer } from './monitor-server.ts';
import { nothingOutside } from './order-proof.ts';
import { CloudOutside } from './outside.ts';
import { Program, type ProgramResource } from './program.ts';
import { type Project, readProject } from './project.ts';
import type { Properties } from './property-values.ts';
import type { GoneColumns, ProviderContext } from './resource-type.ts';
import { ProgramRun } from './run.ts';
import { readStackConfig, type StackConfig } from './stack-config.ts';
import { type ResourceState, StackState } from './state.ts';
import { Steps } from './steps.ts';

export interface ProgramOptions {
  /** Folder with Pulumi.yaml. */
  readonly projectDir: string;
  readonly stack: string;
  /** Overrides Pulumi.<stack>.yaml. A key without a namespace belongs to the project. */
  readonly config?: Readonly<Record<string, string>>;
  /** Variables of the program, beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The Node that runs the program, with its arguments; this process's by default. */
  readonly node?: readonly [path: string, ...args: string[]];
  /**
   * What to do with columns that tables with rows have and the program no longer declares. Absent: the deployment fails, as
   * at Google, and each problem names the columns.
   */
  readonly goneColumns?: GoneColumns | undefined;
}

export interface PlanOptions extends ProgramOptions {
  /** The outputs that the last deployment left; none by default. */
  readonly lastOutputs?: Readonly<Record<string, unknown>>;
  readonly projectNumber?: string;
  readonly onEvent?: OnEvent;
}

export interface Deployment {
  /** Stack outputs. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly resources: readonly ResourceState[];
  readonly steps: readonly StepEvent[];
}

/** A resource that a program declares, with its inputs exactly as the program gives them. */
export interface PlannedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  readonly inputs: Properties;
  readonly dependencies: readonly string[];
  /** Declared properties without effect in the local cloud, each with the reason. */
  /** Names of the hooks that Pulumi calls for it, by when. */
  readonly hooks: HookBinding;
  readonly notEmulated: Readonly<Record<string, string>>;
}

export interface Plan {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly resources: readonly PlannedResource[];
}

export interface EngineOptions {
  readonly cloud: Cloud;
  readonly projectId: string;
  readonly projectNumber: string;
  /** Folder of the states; in memory when absent. */
  readonly stateDir: string | undefined;
  /** Parts whose data is gone, so that nothing in a state is left in them. */
  readonly lost?: readonly StoredPart[];
  readonly onEvent: OnEvent;
}

/** Number of a project whose number is not given. */
export const PLACEHOLDER_PROJECT_NUMBER = '123456789012';

/** Deploys Pulumi programs to a local cloud, one at a time. */
export class PulumiEngine {
  readonly #options: EngineOptions;
  readonly #states = new Map<string, StackState>();
  /** Stacks that this process has deployed. */
  readonly #inUse = new Set<StackState>();
  readonly #aborted = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Throws DeploymentError. Resources applied before the error stay, and the next deployment knows them. */
  deploy(options: ProgramOptions): Promise<Deployment> {
    const deployment = this.#last.then(() => this.#deploy(options));
    this.#last = deployment.catch(() => undefined);
    return deployment;
  }

  /** Stops a running program and waits for its steps, such as a service that starts: stop services first. */
  async close(): Promise<void> {
    this.#aborted.abort();
    await this.#last;
  }

  async #deploy(options: ProgramOptions): Promise<Deployment> {
    const { projectDir, stack, config, environment, node, goneColumns } = options;
    const { cloud, projectId, projectNumber, onEvent } = this.#options;
    if (this.#aborted.signal.aborted) throw closedError();
    checkStackName(stack);
    const project = await readProject(projectDir);
    const values = await readStackConfig(project, stack, config);
    const context = contextOf(values, projectId, projectNumber);
    if (context.project !== projectId) {
      const message = `stack "${stack}" is for project ${context.project} (gcp:project), and this local cloud is project ${projectId}. Use a stack of its own for the local cloud.`;
      throw new DeploymentError([{ message }]);
    }
    const state = this.#stateOf(project.name, stack);
    const declarations = GcpDeclarations.of(project.directory);
    const attempt = async (dryRun: boolean) => {
      const hear: OnEvent = dryRun ? () => undefined : onEvent;
      const program = new Program();
      const hooks = new Hooks(dryRun, hear);
      const steps = new Steps({ state, cloud, projectNumber, onEvent: hear, hooks, goneColumns });
      if (dryRun) steps.stop();
      const outside = new CloudOutside(
        cloud,
        program,
        `urn:pulumi:${stack}::${project.name}::`,
        madeBy(state),
      );
      const run = new ProgramRun({
        project: project.name,
        stack,
        context,
        program,
        declarations,
        outside,
        lastOutputs: state.outputs,
        effects: { state, steps },
        onEvent: hear,
        hooks,
      });
      await execute(run, project, stack, values, {
        ...{ dryRun, signal: this.#aborted.signal, onEvent: hear, environment, node },
      });
      const missing = run.missing();
      throwIfAny(steps.deletionProblems(missing));
      return { run, steps, missing };
    };
    // What is deployed is in use: a changed program is checked as a whole before its first step.
    if (this.#inUse.has(state)) await attempt(true);
    const { run, steps, missing } = await attempt(false);
    state.setOutputs({ values: run.outputs, secrets: run.secretOutputs });
    await steps.deleteMissing(missing);
    this.#inUse.add(state);
    return { outputs: run.outputs, resources: state.resources(), steps: steps.done };
  }

  #stateOf(project: string, stack: string): StackState {
    const key = `${project}/${stack}`;
    const state = this.#states.get(key) ?? this.#readState(project, stack);
    this.#states.set(key, state);
    return state;
  }

  #readState(project: string, stack: string): StackState {
    const { stateDir, lost = [], onEvent } = this.#options;
    const state = new StackState(stateDir, project, stack);
    for (const source of lost) {
      if (!state.forget((type) => partOf(type) === source)) continue;
      const message = 'its data is missing: what the program declares in it is made again, and empty';
      onEvent({ type: 'log', source, severity: 'warning', message });
    }
    return state;
  }
}

/**
 * Runs the program of any stack without a cloud. Returns what it declares, after the checks of a deployment. Throws
 * DeploymentError.
 */
export async function plan(options: PlanOptions): Promise<Plan> {
  const {
    projectDir,
    stack,
    config,
    environment,
    node,
    lastOutputs = {},
    projectNumber = PLACEHOLDER_PROJECT_NUMBER,
    onEvent = () => undefined,
  } = options;
  checkStackName(stack);
  const project = await readProject(projectDir);
  const values = await readStackConfig(project, stack, config);
  const context = contextOf(values, '', projectNumber);
  if (!context.project) {
    const message = `stack "${stack}" has no gcp:project. To set it, run "pulumi config set -s ${stack} gcp:project PROJECT", or write it under config: in Pulumi.${stack}.yaml.`;
    throw new DeploymentError([{ message }]);
  }
  const program = new Program();
  const run = new ProgramRun({
    project: project.name,
    stack,
    context,
    program,
    declarations: GcpDeclarations.of(project.directory),
    outside: nothingOutside,
    lastOutputs: { values: lastOutputs, secrets: [] },
    onEvent,
    hooks: new Hooks(true, onEvent),
  });
  await execute(run, project, stack, values, {
    ...{ dryRun: true, signal: AbortSignal.any([]), onEvent, environment, node },
  });
  const resources = program.resources().map(plannedOf);
  // Registrations arrive in any order. Sorted, two plans of one program are equal.
  return { outputs: run.outputs, resources: resources.sort(byUrn) };
}

async function execute(
  run: ProgramRun,
  project: Project,
  stack: string,
  config: StackConfig,
  options: Pick<RunOptions, 'dryRun' | 'signal' | 'onEvent' | 'environment' | 'node'>,
): Promise<void> {
  const server = await MonitorServer.listen(run);
  try {
    const result = await runProgram({ project, stack, config, address: server.address, ...options });
    if (options.signal.aborted) throw closedError();
    // These problems also make the program fail, with messages that say less.
    throwIfAny(run.problems, run.causes);
    throwIfAny(programProblems(run, result));
    throwIfAny(run.audit());
  } finally {
    server.close();
    await run.settled();
  }
}

function closedError(): DeploymentError {
  return new DeploymentError([{ message: 'the deployment was interrupted: the local cloud is closed' }]);
}

function byUrn(a: { readonly urn?: string }, b: { readonly urn?: string }): number {
  return (a.urn ?? '').localeCompare(b.urn ?? '', 'en');
}

function throwIfAny(problems: readonly Problem[], causes: readonly unknown[] = []): void {
  if (problems.length === 0) return;
  // Registrations arrive in any order.
  const sorted = [...problems].sort(byUrn);
  throw new DeploymentError(sorted, causes.length > 0 ? { cause: causes[0] } : {});
}

function programProblems({ errors }: ProgramRun, { exitCode, stderr }: ProgramResult): Problem[] {
  if (exitCode === 0 && errors.length === 0) return [];
  if (errors.length > 0) return errors.map((message) => ({ message }));
  return [{ message: `the program ended with exit code ${exitCode}${stderr ? `:\n${stderr}` : '.'}` }];
}

function contextOf({ values }: StackConfig, projectId: string, projectNumber: string): ProviderContext {
  return { project: values['gcp:project'] ?? projectId, projectNumber, region: values['gcp:region'] };
}

/** Ids of the resources that the last deployment made. */
function madeBy(state: StackState): Set<string> {
  return new Set(state.resources().flatMap(({ id }) => id ?? []));
}

/** https://www.pulumi.com/docs/iac/concepts/stacks/ */
function checkStackName(stack: string): void {
  if (/^[A-Za-z0-9_.-]{1,100}$/.test(stack) && !/^\.+$/.test(stack)) return;
  const message = `"${stack}" is not a stack name: one has 1 to 100 letters, digits, dashes, underscores and dots.`;
  throw new DeploymentError([{ message }]);
}

function plannedOf(resource: ProgramResource): PlannedResource {
  const { urn, type, name, parent, inputs, dependencies, hooks, notEmulated } = resource;
  return { urn, type, name, parent, inputs, dependencies, hooks, notEmulated };
}
