import type { OpenApi } from './contract.ts';

/** What is sent so that a status comes about. */
export interface Situation {
  readonly search?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How an API before a healthy warehouse, with one caller, can be brought to answer each status, whatever the operation. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  200: {},
  304: { headers: { 'if-none-match': '*' } },
  400: { body: 'a body' },
  401: { headers: { 'x-api-key': 'nobodys' } },
  404: {},
  406: { headers: { accept: 'image/png' } },
  410: { search: '?snapshot=000000000000-tp0ce8-0' },
  414: { search: `?limit=${'9'.repeat(5_000)}` },
};

/** Every status of every operation that the document promises. Throws for a method that nobody here would send. */
export function promises({ paths }: OpenApi): readonly { readonly path: string; readonly status: string }[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => {
      if (method !== 'get') throw new Error(`${method} ${path} is asked for by no test of what is promised`);
      return Object.keys(responses).map((status) => ({ path, status }));
    }),
  );
}

/** The path with a record that there is, or for 404 one that there is not. */
export function pathFor(path: string, status: string, id: string): string {
  return path.replace('{id}', status === '404' ? 'nobody' : id);
}
