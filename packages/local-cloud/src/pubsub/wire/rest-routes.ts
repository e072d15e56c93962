import { CloudError } from '../../errors.ts';
import { RPCS, type Rpc } from './protos.ts';

interface Route {
  readonly rpc: Rpc;
  readonly verb: string;
  readonly pattern: RegExp;
  /** Fields in the path, in order: `name`, `topic.name`. */
  readonly fields: readonly string[];
}

/** The RPC of a request, and the fields in its path. */
export interface RouteMatch {
  readonly rpc: Rpc;
  readonly pathFields: ReadonlyMap<string, string>;
}

/** https://cloud.google.com/endpoints/docs/grpc/transcoding */
const ROUTES: readonly Route[] = RPCS.flatMap((rpc) => {
  if (!rpc.http) return [];
  const fields: string[] = [];
  const pattern = rpc.http.path.replace(/\{([^=}]+)=([^}]+)\}/g, (_, field: string, template: string) => {
    fields.push(field);
    return `(${template.replaceAll('*', '[^/]+?')})`;
  });
  return [{ rpc, verb: rpc.http.verb.toUpperCase(), pattern: new RegExp(`^${pattern}$`), fields }];
});

/** Undefined when no RPC has this path. Throws INVALID_ARGUMENT for a broken percent escape. */
export function matchRoute(verb: string, path: string): RouteMatch | undefined {
  for (const route of ROUTES) {
    const match = route.verb === verb ? route.pattern.exec(path) : null;
    if (!match) continue;
    const values = match.slice(1).map((text) => decoded(text));
    return {
      rpc: route.rpc,
      pathFields: new Map(route.fields.map((field, index) => [field, values[index] ?? ''])),
    };
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid path: "${text}" has a broken percent escape.`, {
      cause: error,
    });
  }
}
