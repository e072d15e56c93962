import type { RouteCount } from './event-state.ts';

/** The API serves its metrics on this machine. */
const ANSWER_TIMEOUT_MS = 1_000;

const SAMPLE =
  /^http_server_request_duration(?:_seconds)?_(?<kind>count|sum)\{(?<labels>[^}]*)\} (?<value>\S+)/gm;

/** Requests by route and status, without health checks. Undefined while the API does not answer. */
export async function readRoutes(url: string | undefined): Promise<readonly RouteCount[] | undefined> {
  if (url === undefined) return undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return routesOf(await response.text());
  } catch {
    // It restarts, or is stopped: the state says so.
    return undefined;
  }
}

function routesOf(text: string): RouteCount[] {
  const routes = new Map<string, { route: string; status: number; requests: number; seconds: number }>();
  for (const { groups } of text.matchAll(SAMPLE)) {
    const { kind, labels = '', value } = groups ?? {};
    const route = /http_route="([^"]*)"/.exec(labels)?.[1] ?? '';
    if (route.startsWith('/health/')) continue;
    const status = Number(/status_code="(\d+)"/.exec(labels)?.[1]);
    const found = routes.get(labels) ?? { route, status, requests: 0, seconds: 0 };
    routes.set(labels, found);
    if (kind === 'count') found.requests = Number(value);
    else found.seconds = Number(value);
  }
  return [...routes.values()];
}
