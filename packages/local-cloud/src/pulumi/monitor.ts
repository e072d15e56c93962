import type { Severity } from '../cloud-event.ts';
import type { CallbackAddress } from './callbacks.ts';
import type { HookBinding, ResourceHook } from './hooks.ts';
import type { DecodedProperties, Properties } from './property-values.ts';

/** A resource as the program registers it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** URN */
  readonly parent: string | undefined;
  /** False for a component. */
  readonly custom: boolean;
  readonly inputs: DecodedProperties;
  /** URNs of dependsOn, and of the resources whose outputs are in the inputs. */
  readonly dependencies: readonly string[];
  readonly options: ResourceOptions;
  /** `infra/src/topic.ts:12`, where the program makes the resource; undefined when its SDK does not tell. */
  readonly position: string | undefined;
}

/** https://www.pulumi.com/docs/iac/concepts/options/ */
export interface ResourceOptions {
  /** `urn::id` of an explicit provider. */
  readonly provider: string | undefined;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly retainOnDelete: boolean;
  /** URN */
  readonly deletedWith: string | undefined;
  readonly additionalSecretOutputs: readonly string[];
  /** URNs that the resource had before. */
  readonly aliases: readonly string[];
  readonly hooks: HookBinding;
  /** Options that the engine cannot honour, by their names in a program. */
  readonly unsupported: readonly string[];
}

export interface Registered {
  readonly urn: string;
  readonly id: string | undefined;
  readonly outputs: Properties;
  /** Names of the outputs that are secret. */
  readonly secrets: readonly string[];
  /** The resource is not there, so outputs that are left out are unknown. Its dependants are checked and not applied. */
  readonly unknown: boolean;
}

export interface StackOutputs {
  readonly values: Properties;
  /** Names of the outputs that are secret. */
  readonly secrets: readonly string[];
}

/** The engine as a Pulumi program calls it, without gRPC. */
export interface Monitor {
  registerResource(registration: Registration): Promise<Registered>;
  registerResourceHook(name: string, hook: ResourceHook): void;
  registerErrorHook(name: string, address: CallbackAddress): void;
  registerResourceOutputs(urn: string, outputs: DecodedProperties): void;
  urnOf(parent: string, type: string, name: string): string;
  /** The outputs of a stack as its last deployment left them. Throws MonitorError for any but the program's own. */
  stackOutputs(name: string): StackOutputs;
  /** Calls a data source. Throws MonitorError. */
  invoke(token: string, args: DecodedProperties): Promise<Properties>;
  /** Refuses a call that is not emulated. Throws MonitorError. */
  refuse(message: string): never;
  log(severity: Severity, message: string): void;
}

/** A refused call. The program gets the message. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}
