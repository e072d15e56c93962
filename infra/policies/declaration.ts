/** Stands for a value that a preview does not know yet. No rule is broken by one: the update checks it. */
export const UNKNOWN = '[known after deployment]';

/** A declared resource, as the rules see it. */
export interface Resource {
  /** `gcp:pubsub/topic:Topic` */
  readonly type: string;
  readonly name: string;
  /** The inputs. */
  readonly props: Readonly<Record<string, unknown>>;
}

/** The stack that declares a resource. */
export interface Stack {
  readonly name: string;
  readonly region: string | undefined;
  /** The stack's setting `access`; undefined is `private`. */
  readonly access: string | undefined;
}

/** A rule for single resources. `check` returns what is wrong with one. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Resource, stack: Stack): string[];
}

/** A rule for the stack as a whole. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  checkAll<Declared extends Resource>(resources: readonly Declared[]): Violation<Declared>[];
}

interface Violation<Declared extends Resource = Resource> {
  readonly resource: Declared;
  readonly message: string;
}

/** The value at a path such as `template.containers`, or undefined. */
export function valueAt({ props }: Resource, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (value === UNKNOWN) return UNKNOWN;
    return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }, props);
}

/** Whether the value at a path is known to be another than `wanted`. */
export function differs(resource: Resource, path: string, wanted: unknown): boolean {
  const value = valueAt(resource, path);
  return value !== wanted && value !== UNKNOWN;
}

/** The objects in the list at a path. */
export function listOf(resource: Resource, path: string): readonly Readonly<Record<string, unknown>>[] {
  const value = valueAt(resource, path);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}

/** The grants of a resource: of an `…IAMMember`, an `…IAMBinding` or an `…IAMPolicy`. */
export function grantsOf({ props }: Resource): { role: string; member: string }[] {
  const { role, member, members, policyData } = props;
  if (typeof role === 'string') {
    const granted = typeof member === 'string' ? [member] : Array.isArray(members) ? members.map(String) : [];
    return granted.map((name) => ({ role, member: name }));
  }
  if (typeof policyData !== 'string' || policyData === UNKNOWN) return [];
  const { bindings = [] } = JSON.parse(policyData) as {
    bindings?: { role: string; members: string[] }[];
  };
  return bindings.flatMap((binding) => binding.members.map((name) => ({ role: binding.role, member: name })));
}
