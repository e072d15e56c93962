/** A resource that a stack declares, as the rules see it. */
export interface Resource {
  /** `gcp:pubsub/topic:Topic` */
  readonly type: string;
  readonly name: string;
  /** Inputs; in the policy pack, with what the provider fills in. */
  readonly props: Readonly<Record<string, unknown>>;
}

/** The stack that declares it. */
export interface Stack {
  readonly name: string;
  readonly region: string | undefined;
  /** The setting `access`: how the API is reached. */
  readonly access: string | undefined;
}

/** A rule for each resource by itself: answers what is wrong with it. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Resource, stack: Stack): string[];
}

/** A rule that only the whole stack can keep or break: answers what is wrong, by resource. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  checkAll<Declared extends Resource>(resources: readonly Declared[]): Violation<Declared>[];
}

interface Violation<Declared extends Resource = Resource> {
  readonly resource: Declared;
  readonly message: string;
}

/** The value of a path such as `template.containers`, undefined when it leads nowhere. */
export function valueAt({ props }: Resource, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      props,
    );
}

export function listOf(resource: Resource, path: string): readonly Readonly<Record<string, unknown>>[] {
  const value = valueAt(resource, path);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}

/** Who is granted a role by this resource: `…IAMMember`, `…IAMBinding`, or a policy as a whole. */
export function grantsOf({ props }: Resource): { role: string; member: string }[] {
  const { role, member, members, policyData } = props;
  if (typeof role === 'string') {
    const granted = typeof member === 'string' ? [member] : Array.isArray(members) ? members.map(String) : [];
    return granted.map((name) => ({ role, member: name }));
  }
  if (typeof policyData !== 'string') return [];
  const { bindings = [] } = JSON.parse(policyData) as {
    bindings?: { role: string; members: string[] }[];
  };
  return bindings.flatMap((binding) => binding.members.map((name) => ({ role: binding.role, member: name })));
}
