import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomically } from '../files.ts';
import { isSystemError } from '../system-error.ts';
import { DeploymentError } from './deployment-error.ts';
import type { StackOutputs } from './monitor.ts';
import type { Properties } from './property-values.ts';

/** A resource as the last deployment left it. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  /** False for a component. */
  readonly custom: boolean;
  readonly parent?: string | undefined;
  readonly id?: string | undefined;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** Top-level inputs that are secret. */
  readonly secrets: readonly string[];
  readonly dependencies: readonly string[];
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith?: string | undefined;
  /** Project and region of the provider. */
  readonly context: { readonly project: string; readonly region?: string | undefined };
}

interface StateFile {
  readonly version: 1;
  /** Absent in a file from before outputs were kept. */
  readonly outputs?: StackOutputs;
  readonly resources: readonly ResourceState[];
  /** Replaced resources that still have to be deleted. */
  readonly replaced: readonly ResourceState[];
}

/**
 * The resources of one stack after its last deployment. Each change is on disk before the next one starts, so a run that
 * fails or is killed orphans nothing. Secrets are plain text, in a file that only its owner can read.
 */
export class StackState {
  readonly #path: string | undefined;
  readonly #resources = new Map<string, ResourceState>();
  #replaced: ResourceState[] = [];
  #outputs: StackOutputs = { values: {}, secrets: [] };

  /** Without a folder, the state is in memory. Throws DeploymentError for a file that is not a state. */
  constructor(folder: string | undefined, project: string, stack: string) {
    this.#path = folder && join(folder, project, `${stack}.json`);
    const file = this.#path && readState(this.#path);
    if (!file) return;
    for (const resource of file.resources) this.#resources.set(resource.urn, resource);
    this.#replaced = [...file.replaced];
    this.#outputs = file.outputs ?? this.#outputs;
  }

  /** The outputs of the last deployment that succeeded. */
  get outputs(): StackOutputs {
    return this.#outputs;
  }

  setOutputs(outputs: StackOutputs): void {
    if (isDeepStrictEqual(this.#outputs, outputs)) return;
    this.#outputs = outputs;
    this.#save();
  }

  get(urn: string): ResourceState | undefined {
    return this.#resources.get(urn);
  }

  resources(): ResourceState[] {
    return [...this.#resources.values()];
  }

  replaced(): readonly ResourceState[] {
    return this.#replaced;
  }

  set(resource: ResourceState): void {
    // As it is read back, without what is undefined: else each start would write every unchanged resource again.
    const stored = JSON.parse(JSON.stringify(resource)) as ResourceState;
    if (isDeepStrictEqual(this.#resources.get(resource.urn), stored)) return;
    this.#resources.set(resource.urn, stored);
    this.#save();
  }

  remove(urn: string): void {
    this.#resources.delete(urn);
    this.#save();
  }

  /** Forgets resources by their type. Answers whether there were any. */
  forget(isLost: (type: string) => boolean): boolean {
    const gone = this.resources().filter(({ type }) => isLost(type));
    for (const { urn } of gone) this.#resources.delete(urn);
    this.#replaced = this.#replaced.filter(({ type }) => !isLost(type));
    if (gone.length > 0) this.#save();
    return gone.length > 0;
  }

  /** Makes room for the replacement of a resource, which stays recorded until it is deleted. */
  setAside(resource: ResourceState): void {
    this.#resources.delete(resource.urn);
    this.#replaced.push(resource);
    this.#save();
  }

  removeReplaced(resource: ResourceState): void {
    this.#replaced = this.#replaced.filter((other) => other !== resource);
    this.#save();
  }

  #save(): void {
    if (!this.#path) return;
    const outputs = this.#outputs;
    const file: StateFile = { version: 1, outputs, resources: this.resources(), replaced: this.#replaced };
    writeFileAtomically(this.#path, JSON.stringify(file, null, 2));
  }
}

function readState(path: string): StateFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const file = JSON.parse(text) as StateFile;
    if (file.version === 1 && Array.isArray(file.resources) && Array.isArray(file.replaced)) return file;
  } catch {
    // Falls through to the same message as any other content.
  }
  throw new DeploymentError([
    {
      message: `${path} is not a state that this version of the local cloud reads. Use the version that wrote it, or start with --fresh, which empties the local cloud.`,
    },
  ]);
}
