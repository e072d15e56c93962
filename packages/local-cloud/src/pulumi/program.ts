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
  /** URNs of what must be registered before: dependsOn, makers of properties, parent, provider. */
  readonly dependencies: readonly string[];
  /** Absent for a component. */
  readonly definition?: ResourceType;
  readonly notEmulated: Readonly<Record<string, string>>;
  /** Absent for what has no effect, or is not known well enough in a preview. */
  readonly declared?: Declared<Record<string, unknown>>;
  /** The provider's id, where two resources of the type can not share one. */
  readonly identity?: string | undefined;
  readonly needs: readonly PermissionNeed[];
}

/** What the program has registered so far, and in which order Pulumi guarantees it. */
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

  /** Another resource that is the same one to Google. */
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
   * Everything that is finished before `resource` starts, whatever the timing. A component counts with what it waited
   * for itself: its children start when it is registered.
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
