import type { Access } from '../../callers.ts';
import type { BigQuery } from '../bigquery.ts';
import type { Media } from '../load-rows.ts';
import type { Precondition } from '../resources.ts';
import { type Message, STRING, UINT32, type ValueType } from './types.ts';

export type Parsed<T> = T extends ValueType<infer V> ? V : never;
export type Query<Q> = { readonly [K in keyof Q]?: Parsed<Q[K]> };
type Types = Readonly<Record<string, ValueType>>;

/** A request whose values have the types that its method declares. */
interface RestRequest<Q extends Types, B extends object> {
  readonly path: PathValues;
  readonly query: Query<Q>;
  readonly body: B;
  readonly access: Access;
  /** The file of an upload. */
  readonly media: Media | undefined;
  /** Of the header If-Match. */
  readonly ifMatch: Precondition | undefined;
}

/** Path parameters, decoded: those that the template of the method has. */
export type PathValues = Readonly<
  Record<'projectId' | 'datasetId' | 'tableId' | 'jobId' | 'routineId', string>
>;

type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A method of the REST API. */
export interface Method {
  /** Google's name of the method: `jobs.query`. */
  readonly id: string;
  readonly httpMethod: HttpMethod;
  /** Path template below `/bigquery/v2/`. */
  readonly path: string;
  /** The query parameters. Each is read by `handle`. */
  readonly query: Types;
  readonly body: Message | undefined;
  /** Undefined for a method that is refused by name. Returns the JSON body, or undefined for 204. */
  readonly handle:
    | ((bigquery: BigQuery, request: RestRequest<Types, never>) => Promise<object | undefined>)
    | undefined;
}

export const PROJECT = 'projects/{projectId}';
export const DATASETS = `${PROJECT}/datasets`;
export const ONE_DATASET = `${DATASETS}/{datasetId}`;
export const TABLES = `${ONE_DATASET}/tables`;
export const ONE_TABLE = `${TABLES}/{tableId}`;

export const PAGING = { maxResults: UINT32, pageToken: STRING };

export function method<Q extends Types>(
  id: string,
  httpMethod: HttpMethod,
  path: string,
  query: Q,
  handle: (bigquery: BigQuery, request: RestRequest<Q, object>) => Promise<object | undefined>,
): Method {
  return { id, httpMethod, path, query, body: undefined, handle: handle as Method['handle'] };
}

export function withBody<Q extends Types, B extends object>(
  id: string,
  httpMethod: HttpMethod,
  path: string,
  query: Q,
  body: Message<B>,
  handle: (bigquery: BigQuery, request: RestRequest<Q, B>) => Promise<object | undefined>,
): Method {
  return { id, httpMethod, path, query, body, handle: handle as Method['handle'] };
}

/** A method of Google's that the local BigQuery refuses by name. */
export function refused(id: string, httpMethod: HttpMethod, path: string): Method {
  return { id, httpMethod, path, query: {}, body: undefined, handle: undefined };
}
