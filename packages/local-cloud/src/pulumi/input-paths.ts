/** Whether `path` (`template.containers[0].image`) is, or lies below, `pattern` (`template.containers[].image`). */
export function matches(pattern: string, path: string): boolean {
  return covers(pattern, general(path));
}

/** `rules[3].match` as `rules[].match`. */
export function general(path: string): string {
  return path.replace(/\[\d+\]/g, '[]');
}

/** Whether `other` is `path`, or lies below it. */
export function covers(path: string, other: string): boolean {
  return other === path || other.startsWith(`${path}.`) || other.startsWith(`${path}[`);
}

/** The path of a property of the object at `path`. */
export function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A copy of `value` without the paths for which `drop` returns true. */
export function prune(value: unknown, drop: (path: string) => boolean, path = ''): unknown {
  if (Array.isArray(value)) return value.map((item, index) => prune(item, drop, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const itemPath = below(path, key);
    if (!drop(itemPath)) result[key] = prune(item, drop, itemPath);
  }
  return result;
}

/** The value at a path; undefined when there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (current, key) =>
      typeof current === 'object' && current !== null ? Reflect.get(current, key) : undefined,
    value,
  );
}

/** `/template/containers/0/image` as `template.containers[0].image`. */
export function fromPointer(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '');
}
