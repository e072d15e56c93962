import type { OnEvent, PropertyChange, StepEvent, StepOperation } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import type { Cloud } from './cloud.ts';
import { deletionOrder, deletionProblem, isKept } from './deletion.ts';
import { DeploymentError, type Problem, textOf } from './deployment-error.ts';
import { changedPaths, topLevel } from './diff.ts';
import type { Hooks, Occurrence } from './hooks.ts';
import { effectiveInputs } from './inputs.ts';
import type { ResourceOptions } from './monitor.ts';
import type { ProgramResource } from './program.ts';
import { propertyChanges } from './property-changes.ts';
import type { Properties } from './property-values.ts';
import { fixedPath } from './provider-checks.ts';
import {
  type Applied,
  type AppliedType,
  type GoneColumns,
  type InputMistake,
  isApplied,
  type ResourceType,
} from './resource-type.ts';
import { CONSTRAINTS } from './resources/constraints.ts';
import { RESOURCE_TYPES } from './resources/index.ts';
import type { ResourceState, StackState } from './state.ts';
import { label, parseUrn } from './urn.ts';

export interface Wanted {
  readonly resource: ProgramResource;
  readonly type: AppliedType;
  /** Inputs with the provider's defaults, as the state records them. */
  readonly inputs: Properties;
  readonly secrets: readonly string[];
  readonly options: ResourceOptions;
  readonly old: ResourceState | undefined;
}

/** Brings the cloud, and then the state, from the last deployment to what the program declares. */
export class Steps {
  readonly done: StepEvent[] = [];
  readonly #state: StackState;
  readonly #cloud: Cloud;
  readonly #projectNumber: string;
  readonly #onEvent: OnEvent;
  readonly #hooks: Hooks;
  readonly #goneColumns: GoneColumns | undefined;
  #isStopped = false;

  constructor(options: {
    state: StackState;
    cloud: Cloud;
    projectNumber: string;
    onEvent: OnEvent;
    hooks: Hooks;
    goneColumns?: GoneColumns | undefined;
  }) {
    this.#state = options.state;
    this.#cloud = options.cloud;
    this.#projectNumber = options.projectNumber;
    this.#onEvent = options.onEvent;
    this.#hooks = options.hooks;
    this.#goneColumns = options.goneColumns;
  }

  /** From now on, steps are checked and not taken. */
  stop(): void {
    this.#isStopped = true;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Creates, updates, replaces or keeps a resource. Returns its outputs. Throws CloudError, DeploymentError. */
  async apply(wanted: Wanted): Promise<Properties> {
    const { resource, type, inputs, old } = wanted;
    const next = this.#wantedArguments(wanted);
    const computed = { ...inputs, ...type.outputs(next) };
    if (!old) this.#checkUnclaimed(wanted, computed.id);
    if (this.#isStopped && !old) return computed;
    if (!old) return this.#perform('create', [], wanted, computed, () => create(type, next));
    const changed = changedPaths(old.inputs, inputs);
    if (changed.length === 0 && this.#isStopped) return { ...computed, ...old.outputs };
    if (changed.length === 0) {
      const outputs = await type.resume?.({ ...next, outputs: old.outputs });
      return this.#finish('same', [], wanted, { ...computed, ...old.outputs, ...outputs });
    }
    const before = this.#recordedArguments(type, old);
    const changes = changesOf(old, inputs, wanted.secrets);
    const change = {
      ...next,
      outputs: old.outputs,
      old: before.inputs,
      changed: new Set(changed.map(topLevel)),
      goneColumns: this.#goneColumns,
    };
    const reason =
      fixedInput(resource, wanted.options, old, inputs, changed) ?? type.replacementReason?.(change);
    if (reason === undefined && this.#isStopped) return { ...computed, ...old.outputs };
    if (reason === undefined) {
      return this.#perform('update', changes, wanted, computed, async () => type.update?.(change));
    }
    const loss = lossProblem(resource.urn, type, reason);
    const problem = loss?.goneColumns ? loss : (deletionProblem(old, 'replace') ?? loss);
    if (problem) throw new DeploymentError([problem]);
    if (this.#isStopped) return computed;
    // Google would refuse a second resource of the same name.
    const sameName = type.resourceName?.(before) === type.resourceName?.(next);
    if (sameName || wanted.options.deleteBeforeReplace) {
      await type.delete?.(before);
      this.#state.remove(old.urn);
    } else {
      this.#state.setAside(old);
    }
    return this.#perform('replace', changes, wanted, computed, () => create(type, next));
  }

  /** Refuses a new name for a recorded resource: deleting the old name at the end would delete the resource. */
  #checkUnclaimed({ resource: { urn, type }, type: { shared } }: Wanted, id: string): void {
    const holder = this.#state.resources().find((other) => other.type === type && other.id === id);
    if (!holder || shared) return;
    const message = `the last deployment made ${id} as ${label(holder.urn)}. If this resource is the same one, add aliases: [{ name: '${parseUrn(holder.urn).name}' }]; if not, choose another name.`;
    throw new DeploymentError([{ urn, message }]);
  }

  /** Records a component, or a resource of a type that is not emulated. Throws DeploymentError. */
  async record(
    resource: ProgramResource,
    outputs: Properties,
    secrets: readonly string[],
    options: ResourceOptions,
    old: ResourceState | undefined,
  ): Promise<void> {
    const { inputs, urn, custom, definition, notEmulated } = resource;
    const changed = old ? changedPaths(old.inputs, inputs) : [];
    const reason = old && custom ? fixedInput(resource, options, old, inputs, changed) : undefined;
    if (old && reason) {
      const problem = deletionProblem(old, 'replace') ?? lossProblem(urn, definition, reason);
      if (problem) throw new DeploymentError([problem]);
    }
    if (this.#isStopped) return;
    const isSame = old !== undefined && changed.length === 0;
    // A replacement is a creation to its hooks.
    const operation = old && !reason ? 'update' : 'create';
    const occurrence = occurrenceOf(resource, inputs, old);
    if (!isSame) await this.#hooks.run(BEFORE[operation], options.hooks, occurrence);
    this.#state.set(stateOf(resource, inputs, outputs, secrets, options, { project: '' }));
    const step = reason ? 'replace' : operation;
    const changes = old && !isSame ? changesOf(old, inputs, secrets) : [];
    if (custom) this.#report(stepOf(isSame ? 'same' : step, urn, changes, notEmulated));
    if (!isSame)
      await this.#hooks.run(AFTER[operation], options.hooks, { ...occurrence, newOutputs: outputs });
  }

  /** What forbids to delete `missing`. With any problem, delete none of them. */
  deletionProblems(missing: readonly ResourceState[]): Problem[] {
    return missing.flatMap((resource) => deletionProblem(resource, 'delete') ?? []);
  }

  /** Deletes `missing`, dependants first, and the resources that were replaced. Throws DeploymentError. */
  async deleteMissing(missing: readonly ResourceState[]): Promise<void> {
    const deleted = new Set(missing.map(({ urn }) => urn));
    for (const resource of deletionOrder(missing)) {
      if (!isKept(resource, deleted)) await this.#delete(resource);
      this.#state.remove(resource.urn);
      if (resource.custom) this.#report(stepOf('delete', resource.urn, [], {}));
    }
    for (const resource of this.#state.replaced()) {
      if (!isKept(resource, deleted)) await this.#delete(resource);
      this.#state.removeReplaced(resource);
    }
  }

  async #delete(resource: ResourceState): Promise<void> {
    const type = RESOURCE_TYPES[resource.type];
    if (!type || !isApplied(type)) return;
    try {
      await type.delete?.(this.#recordedArguments(type, resource));
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      // It is already deleted.
      if (error.code === 'NOT_FOUND') return;
      throw new DeploymentError([{ urn: resource.urn, message: `cannot be deleted: ${textOf(error)}` }], {
        cause: error,
      });
    }
  }

  #wantedArguments({ resource, type, inputs }: Wanted): Applied<Record<string, unknown>> {
    const { declared } = resource;
    if (!declared) throw new TypeError(`${resource.urn} is not known well enough to be applied`);
    return { ...declared, inputs: effectiveInputs(type, inputs), cloud: this.#cloud, outputs: {} };
  }

  #recordedArguments(type: AppliedType, old: ResourceState): Applied<Record<string, unknown>> {
    return {
      urn: old.urn,
      logicalName: parseUrn(old.urn).name,
      inputs: effectiveInputs(type, old.inputs),
      context: {
        project: old.context.project,
        region: old.context.region,
        projectNumber: this.#projectNumber,
      },
      cloud: this.#cloud,
      outputs: old.outputs,
    };
  }

  /** Takes a step, with the hooks before and after it. A hook may ask to repeat it when it fails. */
  async #perform(
    step: 'create' | 'update' | 'replace',
    changes: readonly PropertyChange[],
    wanted: Wanted,
    computed: Properties,
    run: () => Promise<Properties | undefined>,
  ): Promise<Properties> {
    const { resource, inputs, old, options } = wanted;
    const operation = step === 'update' ? 'update' : 'create';
    const occurrence = occurrenceOf(resource, inputs, step === 'update' ? old : undefined);
    await this.#hooks.run(BEFORE[operation], options.hooks, occurrence);
    const made = await this.#hooks.retry(operation, options.hooks, occurrence, run);
    const outputs = this.#finish(step, changes, wanted, { ...computed, ...made });
    await this.#hooks.run(AFTER[operation], options.hooks, { ...occurrence, newOutputs: outputs });
    return outputs;
  }

  #finish(
    operation: StepOperation,
    changes: readonly PropertyChange[],
    { resource, inputs, secrets, options }: Wanted,
    outputs: Properties,
  ): Properties {
    const context = resource.declared?.context ?? { project: '' };
    this.#state.set(stateOf(resource, inputs, outputs, secrets, options, context));
    this.#report(stepOf(operation, resource.urn, changes, resource.notEmulated));
    return outputs;
  }

  #report(step: StepEvent): void {
    this.done.push(step);
    this.#onEvent({ type: 'step', step });
  }
}

const BEFORE = { create: 'beforeCreate', update: 'beforeUpdate' } as const;
const AFTER = { create: 'afterCreate', update: 'afterUpdate' } as const;

function occurrenceOf(
  { urn }: ProgramResource,
  newInputs: Properties,
  old: ResourceState | undefined,
): Occurrence {
  return { urn, id: old?.id, newInputs, oldInputs: old?.inputs, oldOutputs: old?.outputs };
}

async function create(
  type: AppliedType,
  wanted: Applied<Record<string, unknown>>,
): Promise<Properties | undefined> {
  try {
    return await type.create?.(wanted);
  } catch (error) {
    if (!(error instanceof CloudError) || error.code !== 'ALREADY_EXISTS') throw error;
    throw new CloudError(error.code, error.message, {
      hint: 'it is in the local cloud, but not in the state of this stack: delete it, or start with --fresh, which empties the local cloud',
      cause: error,
    });
  }
}

/** Why Google cannot make the change in place; undefined when it can. */
function fixedInput(
  { type }: ProgramResource,
  { replaceOnChanges }: ResourceOptions,
  old: ResourceState,
  inputs: Properties,
  changed: readonly string[],
): InputMistake | undefined {
  const property =
    fixedPath(CONSTRAINTS[type] ?? {}, changed, old.inputs, inputs) ??
    changed.find((path) => replaceOnChanges.map(topLevel).includes(topLevel(path)));
  return property === undefined ? undefined : { property, message: `${property} cannot be changed` };
}

function lossProblem(
  urn: string,
  type: ResourceType | undefined,
  { property, message, goneColumns }: InputMistake,
): Problem | undefined {
  const holds = type?.holds;
  if (!holds) return undefined;
  const consequence = `this change would replace the resource and lose ${holds}`;
  const other = goneColumns
    ? 'start again, which can keep the column'
    : 'start with --fresh, which empties the local cloud';
  return { urn, property, message: `${message}, so ${consequence}. Undo it, or ${other}.`, goneColumns };
}

/** A value that was secret, or becomes it, is not shown. */
function changesOf(old: ResourceState, inputs: Properties, secrets: readonly string[]): PropertyChange[] {
  const hidden = new Set([...old.secrets, ...secrets]);
  return propertyChanges(old.inputs, inputs, (property) => hidden.has(property));
}

function stepOf(
  operation: StepOperation,
  urn: string,
  changes: readonly PropertyChange[],
  notEmulated: Readonly<Record<string, string>>,
): StepEvent {
  const { type, name } = parseUrn(urn);
  return { operation, urn, type, name, changes, notEmulated };
}

function stateOf(
  resource: ProgramResource,
  inputs: Properties,
  outputs: Properties,
  secrets: readonly string[],
  options: ResourceOptions,
  { project, region }: { readonly project: string; readonly region?: string | undefined },
): ResourceState {
  return {
    urn: resource.urn,
    type: resource.type,
    custom: resource.custom,
    parent: resource.parent,
    id: typeof outputs.id === 'string' ? outputs.id : undefined,
    inputs,
    outputs,
    secrets,
    dependencies: resource.dependencies,
    protect: options.protect,
    retainOnDelete: options.retainOnDelete,
    deletedWith: options.deletedWith,
    context: { project, region },
  };
}
