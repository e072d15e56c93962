import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { csv, formatPage, type LineFormat, ndjson } from '../formats/formats.ts';
import {
  type Encoding,
  encodingOf,
  JSON_CONTENT_TYPE,
  JSON_TYPE,
  mediaTypeOf,
  tagSuffix,
} from '../formats/negotiation.ts';
import type { Answer } from '../front/front.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { PageRange, RecordFilter, RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterQuery, filterTag } from './filters.ts';
import { ageHeader, cacheControl, isUnchanged, notModified } from './freshness.ts';
import { MAX_OFFSET, pageLinks } from './links.ts';
import {
  EXAMPLE_PEOPLE,
  EXAMPLE_TOKEN,
  LIST_PROBLEMS,
  listHeaders,
  snapshotParameter,
  varyOf,
} from './list-schemas.ts';
import type { RoutesOptions } from './options.ts';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        description: 'Maximum number of records.',
      }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OFFSET,
        default: 0,
        description: 'Records to skip from the beginning of the list.',
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
const VARY = 'Accept, Accept-Encoding';

const pageHeaders = {
  ...listHeaders,
  Link: Type.String({
    pattern: '^</records\\?[^<>]+>; rel="[a-z]+"(, </records\\?[^<>]+>; rel="[a-z]+")*$',
    description:
      'Links (RFC 8288) to the pages `first`, `prev`, `next` and `last`, where they exist. The targets are paths of this server and carry the `snapshot` of this response.',
    examples: [pageLinks({ limit: 100, offset: 200 }, 1000, EXAMPLE_TOKEN)],
  }),
  ...varyOf(VARY),
};

export const recordsRoutes: FastifyPluginAsyncTypebox<RoutesOptions> = async (
  app,
  { warehouse, pages, front, answerMs },
) => {
  const pageInMemory = (asked: AskedPage, headers: IncomingHttpHeaders): Answer | undefined => {
    const list = warehouse.listInMemory();
    if (!list) return undefined;
    const { ok, unchanged } = asked.of(list);
    const age = ageHeader(list.freshness);
    if (isUnchanged(headers, unchanged.etag, list.takenAt))
      return { status: 304, headers: unchanged, age, body: undefined };
    const body = pages.cached(ok.etag);
    return body && { status: 200, headers: ok, age, body };
  };

  app.get(
    '/records',
    {
      handlerTimeout: answerMs,
      schema: {
        operationId: 'listRecords',
        summary: 'List records',
        description:
          'A page of the list, ordered by `id`, each `id` once. The body holds only records; the headers give the position in the list. Follow `Link: rel="next"` to the end to walk through one snapshot: every record of it, exactly once, whatever is published meanwhile. A snapshot can be walked for at least six hours; then it answers 410. How long a snapshot is the newest is in `Cache-Control`: the service stretches that time to keep to its budget. `nombre`, `apellido` and `pais` match exactly, in any Unicode form. Repeat a parameter to accept several values; different parameters must all match. Filtered walks are as complete as unfiltered ones. `Accept` selects JSON (the default), CSV with a header row (`text/csv`, with apostrophes as in `/records.csv`) or NDJSON (`application/x-ndjson`). Only JSON is in the schema, because clients generated from several types cannot read any; the others are as those of the exports. Supports `Accept-Encoding: gzip` and `br`. A row that was stored unchecked is listed as it is, even if it breaks the rules of a record.',
        tags: ['records'],
        querystring: PageQuery,
        response: {
          200: {
            description: 'The records. Empty past the end of the list.',
            headers: { ...requestIdHeader, ...pageHeaders },
            content: {
              [JSON_TYPE]: {
                schema: Type.Array(Type.Ref('Record#')),
                examples: { people: { value: EXAMPLE_PEOPLE } },
              },
            },
          },
          304: notModified(pageHeaders),
          ...problemResponses(...LIST_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { limit = DEFAULT_LIMIT, offset = 0, snapshot } = request.query;
      const filter = filterOf(request.query);
      const form = { mediaType: mediaTypeOf(request, MEDIA_TYPES), encoding: encodingOf(request) };
      const asked = new AskedPage({ limit, offset }, filter, form);
      const open = () => openFiltered(warehouse, filter, snapshot);
      const opened = await open();
      if (!filter && snapshot === undefined) front.learn(request, (headers) => pageInMemory(asked, headers));
      const { unchanged } = asked.of(opened);
      // Before any call to the warehouse.
      if (isUnchanged(request.headers, unchanged.etag, opened.takenAt)) {
        return reply
          .code(304)
          .headers({ ...unchanged, age: ageHeader(opened.freshness) })
          .send();
      }
      const { range, format, encoding } = asked;
      const { list, body } = await readPage(open, opened, (list) =>
        pages.get(asked.of(list).ok.etag, encoding, async () => {
          const page = await list.read(range);
          return format ? formatPage(format, page) : page;
        }),
      );
      return reply.headers({ ...asked.of(list).ok, age: ageHeader(list.freshness) }).send(body);
    },
  );
};

/** The current list, or the one that the token names, filtered. */
export async function openFiltered(
  warehouse: Warehouse,
  filter: RecordFilter | undefined,
  token?: string,
): Promise<RecordList> {
  const open = () => warehouse.openList(token);
  const opened = await open();
  if (!filter) return opened;
  // A filter reads the whole list and may find it lost.
  const { body } = await readPage(open, opened, (list) => list.filter(filter));
  return body;
}

/** The example records in this format. */
export function linesContent({ head, lines }: LineFormat): object {
  const value = head + lines(EXAMPLE_PEOPLE.map(Object.values));
  return { schema: Type.String(), examples: { people: { value } } };
}

export interface ReadPage<List, T> {
  readonly list: List;
  readonly body: T;
}

/**
 * Reads a list; if it is lost meanwhile, reopens and reads it once more. Reopening gives the next list, or throws `expired` where a
 * token names the lost one. A shared read may report the loss as another caller's error, so both errors mean the same.
 */
export async function readPage<List, T>(
  open: () => Promise<List>,
  opened: List,
  read: (list: List) => Promise<T>,
): Promise<ReadPage<List, T>> {
  try {
    return { list: opened, body: await read(opened) };
  } catch (error) {
    const isLost =
      error instanceof WarehouseError && (error.kind === 'expired' || error.reason === 'snapshotLost');
    if (!isLost) throw error;
    const list = await open();
    return { list, body: await read(list) };
  }
}

/** A requested page: its range, filter and format, independent of the list. */
class AskedPage {
  readonly range: PageRange;
  readonly format: LineFormat | undefined;
  readonly encoding: Encoding;
  /** Of entity tags: filter, format and encoding. */
  readonly #suffix: string;
  readonly #query: string;
  #described:
    | { readonly token: string; readonly ok: PageHeaders; readonly unchanged: PageHeaders }
    | undefined;

  constructor(
    range: PageRange,
    filter: RecordFilter | undefined,
    { mediaType, encoding }: { readonly mediaType: string; readonly encoding: Encoding },
  ) {
    this.range = range;
    this.format = LINE_FORMATS.get(mediaType);
    this.encoding = encoding;
    this.#suffix = filterTag(filter) + tagSuffix(mediaType, encoding);
    this.#query = filterQuery(filter);
  }

  /**
   * The headers for a list, except its age, with a 200 and with a 304. Caches those of the last list: open every list of one
   * AskedPage by token, or none.
   */
  of({ token, total, takenAt, freshness }: RecordList) {
    if (this.#described?.token !== token) {
      const unchanged = {
        'x-total-count': String(total),
        link: pageLinks(this.range, total, token, this.#query),
        'last-modified': new Date(takenAt).toUTCString(),
        vary: VARY,
        etag: `"${token}-${this.range.limit}-${this.range.offset}${this.#suffix}"`,
        'cache-control': cacheControl(freshness),
      };
      const ok = {
        ...unchanged,
        'content-type': this.format?.contentType ?? JSON_CONTENT_TYPE,
        ...(this.encoding !== 'identity' && { 'content-encoding': this.encoding }),
      };
      this.#described = { token, ok, unchanged };
    }
    return this.#described;
  }
}

type PageHeaders = Readonly<Record<string, string> & Record<'etag', string>>;
