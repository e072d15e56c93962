import { stripVTControlCharacters } from 'node:util';
import type { OnEvent, Severity } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import type { CallbackAddress } from './callbacks.ts';
import { DeploymentError, type Problem, textOf } from './deployment-error.ts';
import { describeResource } from './describe-resource.ts';
import { keepIgnored } from './diff.ts';
import type { GcpDeclarations } from './gcp-declarations.ts';
import type { HookBinding, Hooks, ResourceHook } from './hooks.ts';
import { checkInputs } from './inputs.ts';
import {
  type Monitor,
  MonitorError,
  type Registered,
  type Registration,
  type StackOutputs,
} from './monitor.ts';
import { explain, findUnproved, type Outside, type Unproved } from './order-proof.ts';
import type { Program, ProgramResource } from './program.ts';
import { type DecodedProperties, type Properties, UNKNOWN } from './property-values.ts';
import { isApplied, type ProviderContext } from './resource-type.ts';
import { DATA_SOURCES } from './resources/index.ts';
import type { ResourceState, StackState } from './state.ts';
import type { Steps } from './steps.ts';
import { label, makeUrn, ORGANIZATION, STACK_TYPE } from './urn.ts';

interface Effects {
  readonly state: StackState;
  readonly steps: Steps;
}

interface ProgramRunOptions {
  readonly project: string;
  readonly stack: string;
  readonly context: ProviderContext;
  readonly program: Program;
  readonly declarations: GcpDeclarations;
  readonly outside: Outside;
  /** As the last deployment of the stack left them. */
  readonly lastOutputs: StackOutputs;
  /** Absent in a preview. */
  readonly effects?: Effects;
  readonly onEvent: OnEvent;
  readonly hooks: Hooks;
}

/** One run of a program: checks, proves and applies the resources that the program registers. */
export class ProgramRun implements Monitor {
  readonly problems: Problem[] = [];
  /** Messages that the program logged as errors. */
  readonly errors: string[] = [];
  readonly outputs: Record<string, unknown> = {};
  readonly secretOutputs: string[] = [];
  /** Errors of the local cloud itself, for `cause` of the DeploymentError. */
  readonly causes: unknown[] = [];
  readonly #options: ProgramRunOptions;
  readonly #unproved = new Map<string, readonly Unproved[]>();
  /** URNs of resources that are not applied: nothing guarantees their order, or that of a dependency. */
  readonly #withheld = new Set<string>();
  readonly #stackUrn: string;
  readonly #adopted = new Set<string>();
  readonly #registering = new Set<Promise<Registered>>();

  constructor(options: ProgramRunOptions) {
    this.#options = options;
    const { project, stack } = options;
    this.#stackUrn = makeUrn(stack, project, undefined, STACK_TYPE, `${project}-${stack}`);
  }

  async registerResource(registration: Registration): Promise<Registered> {
    const registering = this.#register(registration);
    this.#registering.add(registering);
    try {
      return await registering;
    } finally {
      this.#registering.delete(registering);
    }
  }

  /** Waits for registrations that are still under way when the program has stopped. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#registering);
    this.#options.hooks.close();
  }

  async #register(registration: Registration): Promise<Registered> {
    const { project, stack, context, program, effects } = this.#options;
    const { type, name, parent, options, inputs: given, position } = registration;
    const urn = makeUrn(stack, project, parent, type, name);
    const old = effects && this.#adopt(effects, urn, options.aliases);
    const inputs = old ? keepIgnored(old.inputs, given.values, options.ignoreChanges) : given.values;
    const { resource, resolved, problems } = describeResource(
      urn,
      { ...registration, inputs: { ...given, values: inputs } },
      this.#contextOf(options.provider),
      this.#options.declarations,
      !effects,
    );
    const secrets = [...new Set([...given.secrets, ...options.additionalSecretOutputs])];
    const answer = (outputs: Properties, unknown = false): Registered => {
      return { urn, id: idOf(outputs), outputs, secrets, unknown };
    };
    const refuse = (problems: readonly Problem[]): Registered => {
      this.problems.push(...problems.map((problem) => ({ position, ...problem })));
      this.#withheld.add(urn);
      // The rest of the program is still checked, so that all mistakes are listed at once.
      return answer({ ...resolved, id: UNKNOWN }, true);
    };
    const refuseMistakes = (mistakes: readonly Problem[]): Registered => {
      effects?.steps.stop();
      return refuse(mistakes);
    };
    if (program.has(urn)) {
      return refuseMistakes([{ urn, message: 'is declared twice: give one of them another name.' }]);
    }
    program.add(resource);
    if (problems.length > 0) return refuseMistakes(problems);
    const elsewhere = resource.declared?.inputs.project ?? context.project;
    if (effects && elsewhere !== context.project) {
      const message = `is ${JSON.stringify(elsewhere)}, but this local cloud is project ${context.project}.`;
      return refuseMistakes([{ urn, property: 'project', message }]);
    }
    const twin = program.twinOf(resource);
    if (twin) return refuseMistakes([twinProblem(resource, twin)]);
    const { definition } = resource;
    try {
      if (!effects) await this.#announce(urn, options.hooks, resolved);
      if (!definition || !isApplied(definition)) {
        const outputs = definition
          ? { ...resolved, ...definition.outputs(resolved, this.#options.context) }
          : resolved;
        await effects?.steps.record(resource, outputs, given.secrets, options, old);
        return answer(outputs);
      }
      if (!(await this.#isProved(resource)) || !effects) {
        return answer({ ...resolved, ...this.#computedOutputs(resource) }, true);
      }
      const wanted = { resource, type: definition, inputs: resolved, secrets: given.secrets, options, old };
      return answer(await effects.steps.apply(wanted));
    } catch (error) {
      return refuse(this.#problemsOf(urn, error));
    }
  }

  /** A preview takes everything to be new, and calls only the hooks that ask for it. */
  async #announce(urn: string, binding: HookBinding, newInputs: Properties): Promise<void> {
    await this.#options.hooks.run('beforeCreate', binding, { urn, newInputs });
    await this.#options.hooks.run('afterCreate', binding, { urn, newInputs });
  }

  registerResourceHook(name: string, hook: ResourceHook): void {
    this.#options.hooks.registerResourceHook(name, hook);
  }

  registerErrorHook(name: string, address: CallbackAddress): void {
    this.#options.hooks.registerErrorHook(name, address);
  }

  registerResourceOutputs(urn: string, { values, secrets }: DecodedProperties): void {
    if (urn !== this.#stackUrn) return;
    Object.assign(this.outputs, values);
    this.secretOutputs.push(...secrets);
  }

  urnOf(parent: string, type: string, name: string): string {
    const { project, stack } = this.#options;
    return makeUrn(stack, project, parent || undefined, type, name);
  }

  stackOutputs(name: string): StackOutputs {
    const { project, stack, lastOutputs } = this.#options;
    const own = `${ORGANIZATION}/${project}/${stack}`;
    if (name === own || name === stack) return lastOutputs;
    this.refuse(
      `StackReference "${name}": a program of the local cloud reads the outputs of its own stack only, which is "${own}". Pass what you need of another one as configuration.`,
    );
  }

  async invoke(token: string, args: DecodedProperties): Promise<Properties> {
    const source = DATA_SOURCES[token];
    if (!source) {
      const message = `the local cloud does not know the data source ${token}. It knows: ${Object.keys(DATA_SOURCES).join(', ')}.`;
      this.refuse(message);
    }
    const { mistakes } = checkInputs({ inputs: source.args, notEmulated: {}, refused: {} }, args.values);
    if (mistakes.length > 0) {
      const problems = mistakes.map(({ property, message }) => ({
        message: `${token}, argument "${property}": ${message}`,
      }));
      this.problems.push(...problems);
      throw new MonitorError(problems.map(({ message }) => message).join('; '));
    }
    return source.result(args.values, this.#options.context);
  }

  refuse(message: string): never {
    this.problems.push({ message });
    throw new MonitorError(message);
  }

  log(severity: Severity, message: string): void {
    // Pulumi's SDK logs its own work at this level, secrets included. The CLI shows it only with --debug.
    if (severity === 'debug') return;
    // It warns of each output that is unknown because of a mistake.
    if (severity === 'warning' && this.problems.length > 0) return;
    // Pulumi's SDK colours a stack trace when the program throws while it loads.
    const text = stripVTControlCharacters(message);
    if (severity === 'error') this.errors.push(text);
    this.#options.onEvent({ type: 'log', source: 'pulumi', severity, message: text });
  }

  /** Problems that only the whole program shows: an order that nothing guarantees, and what `audit` of a type finds. */
  audit(): Problem[] {
    const { program, effects } = this.#options;
    const unproved = [...this.#unproved].flatMap(([urn, list]) => {
      const resource = program.get(urn);
      return resource ? list.flatMap((item) => explain(resource, item, program, !effects) ?? []) : [];
    });
    const audited = program.resources().flatMap(({ urn, definition, declared }) => {
      if (!definition || !declared || !isApplied(definition)) return [];
      return (definition.audit?.(declared, program.resources()) ?? []).map((mistake) => ({
        urn,
        ...mistake,
      }));
    });
    return [...unproved, ...audited].map((problem) => ({
      position: program.get(problem.urn ?? '')?.position,
      ...problem,
    }));
  }

  /** Resources of the last deployment that this program no longer declares. */
  missing(): ResourceState[] {
    const { program, effects } = this.#options;
    return effects?.state.resources().filter(({ urn }) => !program.has(urn)) ?? [];
  }

  /** The recorded resource with this URN, or with one of its aliases, which then gets this URN. */
  #adopt({ state, steps }: Effects, urn: string, aliases: readonly string[]): ResourceState | undefined {
    const recorded = state.get(urn);
    if (recorded) return recorded;
    const alias = aliases.find((candidate) => state.get(candidate) && !this.#adopted.has(candidate));
    const aliased = alias === undefined ? undefined : state.get(alias);
    if (!aliased) return undefined;
    this.#adopted.add(aliased.urn);
    if (steps.isStopped) return { ...aliased, urn };
    state.remove(aliased.urn);
    state.set({ ...aliased, urn });
    return state.get(urn);
  }

  #contextOf(provider: string | undefined): ProviderContext {
    const { context, program } = this.#options;
    const urn = provider?.slice(0, provider.lastIndexOf('::'));
    const inputs = urn ? program.get(urn)?.inputs : undefined;
    return {
      ...context,
      ...(typeof inputs?.project === 'string' ? { project: inputs.project } : {}),
      ...(typeof inputs?.region === 'string' ? { region: inputs.region } : {}),
    };
  }

  async #isProved(resource: ProgramResource): Promise<boolean> {
    const { program, outside } = this.#options;
    const unproved = await findUnproved(resource, program, outside);
    if (unproved.length > 0) this.#unproved.set(resource.urn, unproved);
    const isHeldBack = [...program.closure(resource)].some(({ urn }) => this.#withheld.has(urn));
    const mayWork = unproved.every((item) => item.kind === 'reference' && item.mayExist);
    if (!mayWork || isHeldBack) this.#withheld.add(resource.urn);
    return !this.#withheld.has(resource.urn);
  }

  #computedOutputs({ definition, declared }: ProgramResource): Properties {
    if (!definition || !isApplied(definition) || !declared) return { id: UNKNOWN };
    return definition.outputs(declared);
  }

  #problemsOf(urn: string, error: unknown): readonly Problem[] {
    if (error instanceof DeploymentError) return error.problems;
    if (error instanceof CloudError) {
      return [{ urn, message: textOf(error) }];
    }
    this.causes.push(error);
    const message = error instanceof Error ? error.message : String(error);
    return [{ urn, message: `the local cloud failed, which is a bug in it: ${message}` }];
  }
}

/** The same message, whichever of the two is registered first. */
function twinProblem({ urn, identity }: ProgramResource, twin: ProgramResource): Problem {
  const [first = urn, second = urn] = [urn, twin.urn].sort();
  return {
    urn: second,
    message: `${identity} is also declared by ${label(first)}, and Google has only one. Rename or remove one of them.`,
  };
}

function idOf({ id }: Properties): string | undefined {
  return typeof id === 'string' && id !== UNKNOWN ? id : undefined;
}
