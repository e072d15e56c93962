import type { OpenApi } from './contract.ts';

/** A request that produces a status. */
export interface Situation {
  readonly search?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests that produce each status at any operation, with a healthy warehouse and a single client. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  200: {},
  304: { headers: { 'if-none-match': '*' } },
  400: { body: 'a body' },
  401: { headers: { 'x-api-key': 'nobodys' } },
  404: {},
  406: { headers: { accept: 'image/png' } },
  410: { search: '?snapshot=000000000000-tp0ce8-0' },
  431: { search: `?nombre=${'x'.repeat(20_000)}` },
  412: { headers: { 'if-match': '"another"' } },
  414: { search: `?limit=${'9'.repeat(5_000)}` },
};

/** Every status of every operation in the document. Throws for a method other than GET. */
export function promises({ paths }: OpenApi): readonly { readonly path: string; readonly status: string }[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => {
      if (method !== 'get') throw new Error(`no test sends ${method} ${path}`);
      return Object.keys(responses).map((status) => ({ path, status }));
    }),
  );
}

/** Programs get the index at `/` whatever happens to the list: only its page meets the rest. */
export function situationFor(path: string, status: string): Situation {
  const { headers, ...situation } = SITUATIONS[status] ?? {};
  const isOfPage = path === '/' && ['410', '500', '503', '504'].includes(status);
  return { ...situation, headers: { ...headers, ...(isOfPage && { accept: 'text/html' }) } };
}

/** The path with the id, or with an unknown one for 404. */
export function pathFor(path: string, status: string, id: string): string {
  return path.replace('{id}', status === '404' ? 'nobody' : id);
}
