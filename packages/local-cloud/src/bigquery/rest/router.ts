import type { Route } from './routes.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Finds the route of a path below `/bigquery/v2/`. */
export class Router {
  readonly #routes: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  /** Undefined when no route matches, or when a segment is not valid percent-encoding. */
  find(httpMethod: string, path: string): RouteMatch | undefined {
    const given = path.split('/').map(decode);
    for (const { route, segments } of this.#routes) {
      if (route.httpMethod !== httpMethod || segments.length !== given.length) continue;
      const matched = match(segments, given);
      if (matched) return { route, path: matched };
    }
    return undefined;
  }
}

function match(segments: readonly string[], given: readonly (string | undefined)[]) {
  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = given[index];
    if (value === undefined || value === '') return undefined;
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name) values[name] = value;
    else if (segment !== value) return undefined;
  }
  return values;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
