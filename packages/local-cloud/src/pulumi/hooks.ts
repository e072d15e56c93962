import monitor from '@pulumi/pulumi/proto/resource_pb.js';
import type { OnEvent } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import { type CallbackAddress, Callbacks } from './callbacks.ts';
import { DeploymentError, textOf } from './deployment-error.ts';
import { encodeProperties, type Properties } from './property-values.ts';
import { parseUrn } from './urn.ts';

/** Pulumi's own limit (pkg/resource/deploy/retries.go). */
const MAX_ATTEMPTS = 100;

export type HookPoint = 'beforeCreate' | 'afterCreate' | 'beforeUpdate' | 'afterUpdate';

/** Names of the hooks of a resource. https://www.pulumi.com/docs/iac/concepts/options/hooks/ */
export type HookBinding = Readonly<Record<HookPoint | 'onError', readonly string[]>>;

export const NO_HOOKS: HookBinding = {
  beforeCreate: [],
  afterCreate: [],
  beforeUpdate: [],
  afterUpdate: [],
  onError: [],
};

export interface ResourceHook extends CallbackAddress {
  readonly onDryRun: boolean;
  /** A failed hook is then only a warning. */
  readonly ignoreErrors: boolean;
}

/** What a hook hears of its resource. */
export interface Occurrence {
  readonly urn: string;
  readonly id?: string | undefined;
  readonly newInputs: Properties;
  readonly oldInputs?: Properties | undefined;
  readonly newOutputs?: Properties | undefined;
  readonly oldOutputs?: Properties | undefined;
}

/** The hooks that a program registers, and calls of them. */
export class Hooks {
  readonly #resourceHooks = new Map<string, ResourceHook>();
  readonly #errorHooks = new Map<string, CallbackAddress>();
  readonly #callbacks = new Callbacks();
  readonly #isPreview: boolean;
  readonly #onEvent: OnEvent;

  constructor(isPreview: boolean, onEvent: OnEvent) {
    this.#isPreview = isPreview;
    this.#onEvent = onEvent;
  }

  registerResourceHook(name: string, hook: ResourceHook): void {
    this.#resourceHooks.set(name, hook);
  }

  registerErrorHook(name: string, address: CallbackAddress): void {
    this.#errorHooks.set(name, address);
  }

  /** Calls the hooks one after the other; in a preview only those that ask for it. Throws DeploymentError. */
  async run(point: HookPoint, binding: HookBinding, occurrence: Occurrence): Promise<void> {
    for (const name of binding[point]) {
      const hook = found(this.#resourceHooks, name, occurrence.urn);
      if (this.#isPreview && !hook.onDryRun) continue;
      const request = describe(new monitor.ResourceHookRequest(), occurrence);
      if (occurrence.newOutputs) request.setNewOutputs(encodeProperties(occurrence.newOutputs, []));
      const answer = await this.#callbacks.invoke(hook, request);
      const error = monitor.ResourceHookResponse.deserializeBinary(answer).getError();
      if (error === '') continue;
      const message = `the ${point} hook "${name}" failed: ${error}`;
      if (!hook.ignoreErrors) throw new DeploymentError([{ urn: occurrence.urn, message }]);
      this.#onEvent({ type: 'log', source: 'pulumi', severity: 'warning', message });
    }
  }

  /** Runs the operation, and again while it fails and an error hook asks for it. */
  async retry<T>(
    operation: 'create' | 'update',
    binding: HookBinding,
    occurrence: Occurrence,
    run: () => Promise<T>,
  ): Promise<T> {
    const errors: string[] = [];
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        errors.unshift(textOf(error));
        if (errors.length >= MAX_ATTEMPTS) throw error;
        if (!(await this.#asksToRetry(binding.onError, operation, occurrence, errors))) throw error;
      }
    }
  }

  close(): void {
    this.#callbacks.close();
  }

  async #asksToRetry(
    names: readonly string[],
    operation: string,
    occurrence: Occurrence,
    errors: readonly string[],
  ): Promise<boolean> {
    let isAsked = false;
    for (const name of names) {
      const request = describe(new monitor.ErrorHookRequest(), occurrence);
      request.setFailedOperation(operation);
      request.setErrorsList([...errors]);
      const answer = await this.#callbacks.invoke(found(this.#errorHooks, name, occurrence.urn), request);
      const response = monitor.ErrorHookResponse.deserializeBinary(answer);
      if (response.getError() !== '') {
        const message = `the onError hook "${name}" failed: ${response.getError()}`;
        throw new DeploymentError([{ urn: occurrence.urn, message }]);
      }
      isAsked ||= response.getRetry();
    }
    return isAsked;
  }
}

function found<Hook>(hooks: ReadonlyMap<string, Hook>, name: string, urn: string): Hook {
  const hook = hooks.get(name);
  if (!hook) throw new DeploymentError([{ urn, message: `the program registers no hook "${name}"` }]);
  return hook;
}

type Request =
  | InstanceType<typeof monitor.ResourceHookRequest>
  | InstanceType<typeof monitor.ErrorHookRequest>;

function describe<Target extends Request>(
  request: Target,
  { urn, id, newInputs, oldInputs, oldOutputs }: Occurrence,
): Target {
  const { type, name } = parseUrn(urn);
  request.setUrn(urn);
  request.setId(id ?? '');
  request.setName(name);
  request.setType(type);
  request.setNewInputs(encodeProperties(newInputs, []));
  if (oldInputs) request.setOldInputs(encodeProperties(oldInputs, []));
  if (oldOutputs) request.setOldOutputs(encodeProperties(oldOutputs, []));
  return request;
}
