import type { HookBinding } from './hooks.ts';
import type { Properties } from './property-values.ts';
import type { Declared, PermissionNeed, Provided, ResourceType } from './resource-type.ts';

/** A resource of the running program. */
export interface ProgramResource extends Provided {
  readonly urn: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string | undefined;
  /** Inputs as the program gave them. */
  readonly inputs: Properties;
  /** Where the program makes it: `infra/src/topic.ts:12`. */
  readonly position?: string | undefined;
  /** URNs of what is registered before: dependsOn, sources of its inputs, parent, provider. */
  readonly dependencies: readonly string[];
  /** Absent for a component. */
  readonly definition?: ResourceType;
  readonly hooks: HookBinding;
  readonly notEmulated: Readonly<Record<string, string>>;
  /** Absent for a type without effect, and while a preview does not know every input. */
  readonly declared?: Declared<Record<string, unknown>>;
  /** The provider's id, for a type whose resources cannot share one. */
  readonly identity?: string | undefined;
  readonly needs: readonly PermissionNeed[];
}

/** The resources that the program has registered so far, and the order that Pulumi guarantees. */
export class Program {
  readonly #resources = new Map<string, ProgramResource>();

  add(resource: ProgramResource): void {
    this.#resources.set(resource.urn, resource);
  }

  get(urn: string): ProgramResource | undefined {
    return this.#resources.get(urn);
  }

  has(urn: string): boolean {
    return this.#resources.has(urn);
  }

  /** Another resource of the program that is the same one at Google. */
  twinOf({ urn, type, identity }: ProgramResource): ProgramResource | undefined {
    if (identity === undefined) return undefined;
    return this.resources().find(
      (other) => other.urn !== urn && other.type === type && other.identity === identity,
    );
  }

  resources(): ProgramResource[] {
    return [...this.#resources.values()];
  }

  /**
   * The resources that are always finished before `resource` starts. Those of a component are its own dependencies: its
   * children start as soon as it is registered.
   */
  closure(resource: Pick<ProgramResource, 'dependencies'>): Set<ProgramResource> {
    const found = new Set<ProgramResource>();
    const open = [...resource.dependencies];
    for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
      const dependency = this.#resources.get(urn);
      if (!dependency || found.has(dependency)) continue;
      found.add(dependency);
      open.push(...dependency.dependencies);
    }
    return found;
  }
}
