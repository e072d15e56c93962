import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { LRUCache } from 'lru-cache';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { csv, formatPage, type LineFormat, ndjson } from '../formats/formats.ts';
import type { KeptPages } from '../formats/kept-pages.ts';
import { encodingOf, JSON_TYPE, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { PageRange, RecordFilter, RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterQuery, filterTag, ofWholeList } from './filters.ts';
import { freshnessHeaders, isUnchanged, notModified } from './freshness.ts';
import { MAX_OFFSET, pageLinks } from './links.ts';
import {
  EXAMPLE_PEOPLE,
  EXAMPLE_TOKEN,
  listHeaders,
  snapshotParameter,
  varyOf,
  WAREHOUSE_PROBLEMS,
} from './list-schemas.ts';

export const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        description: 'Records at most.',
      }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OFFSET,
        default: 0,
        description: 'Records to pass over, from the beginning of the list.',
      }),
    ),
    ...snapshotParameter,
    ...filterParameters,
  },
  { additionalProperties: false },
);

const LINE_FORMATS: ReadonlyMap<string, LineFormat> = new Map(
  [csv, ndjson].map((format) => [format.mediaType, format]),
);
const MEDIA_TYPES = [JSON_TYPE, ...LINE_FORMATS.keys()] as const;
const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';
const VARY = 'Accept, Accept-Encoding';

const pageHeaders = {
  ...listHeaders,
  Link: Type.String({
    pattern: '^<\\?[^<>]+>; rel="[a-z]+"(, <\\?[^<>]+>; rel="[a-z]+")*$',
    description:
      'Where to go from here (RFC 8288): `first`, `prev`, `next`, `last`, as far as they exist. The targets are relative: resolve them against the URL of the request. They carry the `snapshot` of this answer.',
    examples: [pageLinks({ limit: 100, offset: 200 }, 1000, EXAMPLE_TOKEN)],
  }),
  ...varyOf(VARY),
};

export interface RecordsRoutesOptions {
  readonly warehouse: Warehouse;
  readonly pages: KeptPages;
}

/** The list, page by page. */
export const recordsRoutes: FastifyPluginAsyncTypebox<RecordsRoutesOptions> = async (
  app,
  { warehouse, pages },
) => {
  const described = new PageHeaders();

  app.get(
    '/records',
    {
      schema: {
        operationId: 'listRecords',
        summary: 'List records',
        description:
          'A page of all records, ordered by `id`, each `id` once. The body is the records and nothing else; the headers say where in the list it is. Follow `Link: rel="next"` until there is none: its pages are all of one moment, so that every record of that moment is there exactly once, whatever arrives meanwhile. Such a walk can last some hours; after that it is answered 410. `nombre`, `apellido` and `pais` let through what is exactly that, any of the values within a field and all fields together; a walk with them is as complete. By `Accept` a page is JSON (the default), CSV with a header row, or NDJSON; `Accept-Encoding` takes `gzip` and `br`. A row that was stored without being checked is listed as it is, even if it breaks the rules of a record.',
        tags: ['records'],
        querystring: PageQuery,
        response: {
          200: {
            description: 'The records; none past the end of the list.',
            headers: { ...requestIdHeader, ...pageHeaders },
            content: {
              [JSON_TYPE]: {
                schema: Type.Array(Type.Ref('Record#')),
                examples: { people: { value: EXAMPLE_PEOPLE } },
              },
              ...Object.fromEntries([csv, ndjson].map((format) => [format.mediaType, linesContent(format)])),
            },
          },
          304: notModified(pageHeaders),
          ...problemResponses(
            'invalid-parameters',
            'list-too-large',
            'not-acceptable',
            'snapshot-expired',
            ...WAREHOUSE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      const { limit = DEFAULT_LIMIT, offset = 0, snapshot } = request.query;
      const filter = filterOf(request.query);
      const range = { limit, offset };
      const mediaType = mediaTypeOf(request, MEDIA_TYPES);
      const encoding = encodingOf(request);
      const suffix = filterTag(filter) + tagSuffix(mediaType, encoding);
      const query = filterQuery(filter);
      const opening = filter ? openFiltered(warehouse, filter, snapshot) : warehouse.openList(snapshot);
      // No wait for what is there already: a hot page is answered in the turn in which it is asked for.
      const opened = opening instanceof Promise ? await opening : opening;
      const headersOf = (list: RecordList) => described.of(list, range, suffix, query);
      const known = headersOf(opened);
      // Before anything is read: this costs no call to the warehouse.
      if (isUnchanged(request.headers, known.etag, opened.takenAt)) {
        return reply.code(304).headers(known).send();
      }
      const format = LINE_FORMATS.get(mediaType);
      const body = (list: RecordList) => {
        const { etag } = list === opened ? known : headersOf(list);
        return pages.get(etag, encoding, async () => {
          const page = await list.read(range);
          return format ? formatPage(format, page) : page;
        });
      };
      const reading = readPage(() => openFiltered(warehouse, filter), opened, body);
      const page = reading instanceof Promise ? await reading : reading;
      reply.headers(page.list === opened ? known : headersOf(page.list));
      if (encoding !== 'identity') reply.header('content-encoding', encoding);
      return reply.type(format?.contentType ?? JSON_CONTENT_TYPE).send(page.body);
    },
  );
};

/** The list as it is now or as the token names it, as far as it passes. */
export async function openFiltered(
  warehouse: Warehouse,
  filter: RecordFilter | undefined,
  token?: string,
): Promise<RecordList> {
  const open = () => warehouse.openList(token);
  const opened = await open();
  if (!filter) return opened;
  // A filter reads the whole list, and may find that it is lost.
  const { body } = await readPage(open, opened, (list) => ofWholeList(warehouse.filter(list, filter)));
  return body;
}

/** The records of an example as they look in this form. */
export function linesContent({ head, lines }: LineFormat): object {
  const value = head + lines(EXAMPLE_PEOPLE.map(Object.values));
  return { schema: Type.String(), examples: { people: { value } } };
}

export interface ReadPage<T> {
  readonly list: RecordList;
  readonly body: T;
}

/**
 * When the list of the present is lost while it is read, the one that takes its place is: once. What `read` has at once is answered
 * at once.
 */
export function readPage<T>(
  open: () => RecordList | Promise<RecordList>,
  opened: RecordList,
  read: (list: RecordList) => T | Promise<T>,
): ReadPage<T> | Promise<ReadPage<T>> {
  const body = read(opened);
  if (!(body instanceof Promise)) return { list: opened, body };
  const again = async (error: unknown) => {
    if (!(error instanceof WarehouseError) || error.reason !== 'snapshotLost') throw error;
    const list = await open();
    return { list, body: await read(list) };
  };
  return body.then((body) => ({ list: opened, body }), again);
}

/** Pages whose headers are remembered: those that are asked for again and again. */
const MAX_DESCRIBED = 1_000;

/** The headers of pages. All but two are those of one state of the list, one range of it and one form, as its bytes are. */
class PageHeaders {
  readonly #known = new LRUCache<string, Readonly<Record<string, string>>>({ max: MAX_DESCRIBED });

  of(list: RecordList, range: PageRange, suffix: string, filter: string) {
    const etag = `"${list.token}-${range.limit}-${range.offset}${suffix}"`;
    let headers = this.#known.get(etag);
    if (!headers) {
      headers = {
        'x-total-count': String(list.total),
        link: pageLinks(range, list.total, list.token, filter),
        'last-modified': new Date(list.takenAt).toUTCString(),
        vary: VARY,
      };
      this.#known.set(etag, headers);
    }
    return { ...headers, etag, ...freshnessHeaders(list.freshness) };
  }
}
