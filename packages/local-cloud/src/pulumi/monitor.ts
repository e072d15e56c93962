import type { Severity } from '../cloud-event.ts';
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
  /** URNs that the registration names: dependsOn and what its properties are made of. */
  readonly dependencies: readonly string[];
  readonly options: ResourceOptions;
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
  /** Options that the engine can not honour, by the name that a program gives them. */
  readonly unsupported: readonly string[];
}

export interface Registered {
  readonly urn: string;
  readonly id: string | undefined;
  readonly outputs: Properties;
  /** Names of the outputs that are secret. */
  readonly secrets: readonly string[];
  /** The resource has a problem that is already reported; what depends on it is not registered. */
  readonly failed: boolean;
}

/** What a Pulumi program talks to, without the wire. */
export interface Monitor {
  registerResource(registration: Registration): Promise<Registered>;
  registerResourceOutputs(urn: string, outputs: DecodedProperties): void;
  /** Calls a data source. Throws MonitorError. */
  invoke(token: string, args: DecodedProperties): Promise<Properties>;
  /** Answers a call that is not emulated. Throws MonitorError. */
  refuse(message: string): never;
  log(severity: Severity, message: string): void;
}

/** A call that is refused. The message reaches the program. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}
