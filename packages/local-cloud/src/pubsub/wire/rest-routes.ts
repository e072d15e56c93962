import { CloudError } from '../../errors.ts';
import { type HttpRule, RPCS, type Rpc } from './protos.ts';

interface Route {
  readonly rpc: Rpc;
  readonly rule: HttpRule;
  readonly pattern: RegExp;
  /** Fields in the path, in order: `name`, `topic.name`. */
  readonly fields: readonly string[];
}

/** The RPC of a request, and the fields in its path. */
export interface RouteMatch {
  readonly rpc: Rpc;
  readonly rule: HttpRule;
  readonly pathFields: ReadonlyMap<string, string>;
}

/** https://cloud.google.com/endpoints/docs/grpc/transcoding */
const ROUTES: readonly Route[] = RPCS.flatMap((rpc) =>
  rpc.http.map((rule) => {
    const fields: string[] = [];
    const pattern = rule.path.replace(/\{([^=}]+)=([^}]+)\}/g, (_, field: string, template: string) => {
      fields.push(field);
      return `(${template.replaceAll('*', '[^/]+')})`;
    });
    // A colon in the last segment starts the verb, such as ":publish".
    const last = pattern.lastIndexOf('[^/]+');
    const inLast = last >= 0 && !pattern.slice(last + '[^/]+'.length).includes('/');
    const source = inLast
      ? `${pattern.slice(0, last)}[^/:]+${pattern.slice(last + '[^/]+'.length)}`
      : pattern;
    return { rpc, rule, pattern: new RegExp(`^${source}$`), fields };
  }),
);

/** Some clients escape the colon of a verb. */
const ESCAPED_VERB = /%3A([A-Za-z]+)$/i;

/** Undefined when no RPC has this path. Throws INVALID_ARGUMENT for a broken percent escape. */
export function matchRoute(verb: string, path: string): RouteMatch | undefined {
  for (const { rpc, rule, pattern, fields } of ROUTES) {
    const match = rule.verb === verb ? pattern.exec(path.replace(ESCAPED_VERB, ':$1')) : null;
    if (!match) continue;
    const values = match.slice(1).map((text) => decoded(text));
    return { rpc, rule, pathFields: new Map(fields.map((field, index) => [field, values[index] ?? ''])) };
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
