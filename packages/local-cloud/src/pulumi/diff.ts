import { isDeepStrictEqual } from 'node:util';

/** A path at which two values differ, and what is there. */
export interface Difference {
  /** `labels.team`, `template.containers[0].image` */
  readonly path: string;
  readonly old: unknown;
  readonly next: unknown;
}

/** The differences of two values, by the shortest paths. */
export function differences(old: unknown, next: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(old, next)) return [];
  if (Array.isArray(old) && Array.isArray(next) && old.length === next.length) {
    return old.flatMap((item, index) => differences(item, next[index], `${path}[${index}]`));
  }
  if (isObject(old) && isObject(next)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...keys]
      .sort()
      .flatMap((key) => differences(old[key], next[key], path === '' ? key : `${path}.${key}`));
  }
  return [{ path, old, next }];
}

export function changedPaths(old: unknown, next: unknown): string[] {
  return differences(old, next).map(({ path }) => path);
}

/** The first step of a path. */
export function topLevel(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

/**
 * `next` with the old values at the paths that `ignoreChanges` names: `labels`, `template.containers[0].image`,
 * `labels["team"]`, `envs[*].value`. https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/
 */
export function keepIgnored(
  old: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
  ignored: readonly string[],
): Record<string, unknown> {
  return ignored.reduce<Record<string, unknown>>(
    (result, path) => keepAt(old, result, parsePath(path)) as Record<string, unknown>,
    { ...next },
  );
}

function keepAt(old: unknown, next: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return old;
  if (!isContainer(old) && !isContainer(next)) return next;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(next) ? [...next] : { ...(next as object) };
  const keys = key === '*' ? Object.keys(copy) : [key];
  for (const name of keys) {
    const kept = keepAt(childOf(old, name), childOf(copy, name), rest);
    if (kept !== undefined) Reflect.set(copy, name, kept);
    else if (!Array.isArray(copy)) delete copy[name];
  }
  return copy;
}

function parsePath(path: string): string[] {
  return [...path.matchAll(/\["([^"]*)"\]|\[([^\]]*)\]|([^.[]+)/g)].map(
    ([, quoted, index, name]) => quoted ?? index ?? name ?? '',
  );
}

function childOf(value: unknown, key: string): unknown {
  return isContainer(value) ? Reflect.get(value, key) : undefined;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
