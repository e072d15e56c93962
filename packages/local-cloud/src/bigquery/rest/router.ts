import type { Method, PathValues } from './method.ts';

export interface Match {
  readonly method: Method;
  readonly path: PathValues;
}

interface Compiled {
  readonly method: Method;
  readonly segments: readonly Segment[];
}

interface Segment {
  /** The parameter that takes the value; undefined for a fixed text. */
  readonly name: string | undefined;
  /** The fixed text, or what follows a parameter: the verb of a custom method, `:undelete`. */
  readonly text: string;
}

/** Finds the method of a path below `/bigquery/v2/`. */
export class Router {
  readonly #methods: readonly Compiled[];

  constructor(methods: readonly Method[]) {
    const compiled = methods.map((method) => ({ method, segments: method.path.split('/').map(compile) }));
    // A custom verb before the resource that it would otherwise be part of.
    this.#methods = compiled.sort((a, b) => Number(hasVerb(b)) - Number(hasVerb(a)));
  }

  /** Undefined when no method matches, or when a segment is not valid percent-encoding. */
  find(httpMethod: string, path: string): Match | undefined {
    const given = path.split('/').map(decode);
    for (const { method, segments } of this.#methods) {
      if (method.httpMethod !== httpMethod || segments.length !== given.length) continue;
      const matched = match(segments, given);
      if (matched) return { method, path: matched };
    }
    return undefined;
  }
}

function compile(segment: string): Segment {
  const [, name, verb = ''] = /^\{(\w+)\}(:\w+)?$/.exec(segment) ?? [];
  return name === undefined ? { name, text: segment } : { name, text: verb };
}

function hasVerb({ segments }: Compiled): boolean {
  return segments.some(({ text }) => text.includes(':'));
}

function match(segments: readonly Segment[], given: readonly (string | undefined)[]) {
  const values: Record<string, string> = {};
  for (const [index, { name, text }] of segments.entries()) {
    const value = given[index];
    if (!value) return undefined;
    if (name === undefined) {
      if (text !== value) return undefined;
      continue;
    }
    if (!value.endsWith(text) || value.length === text.length) return undefined;
    values[name] = value.slice(0, value.length - text.length);
  }
  return values as PathValues;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
