import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { csv, formatPage, type LineFormat, ndjson } from '../formats/formats.ts';
import type { KeptPages } from '../formats/kept-pages.ts';
import { type Encoding, encodingOf, JSON_TYPE, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import type { Answer, Front } from '../front/front.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { PageRange, RecordFilter, RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterQuery, filterTag, ofWholeList } from './filters.ts';
import { ageHeader, cacheControl, isUnchanged, notModified } from './freshness.ts';
import { MAX_OFFSET, pageLinks } from './links.ts';
import {
  EXAMPLE_PEOPLE,
  EXAMPLE_TOKEN,
  listHeaders,
  snapshotParameter,
  varyOf,
  WAREHOUSE_PROBLEMS,
} from './list-schemas.ts';
import { JSON_CONTENT_TYPE } from './send-json.ts';

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
  readonly front: Front;
  /** Until a request is answered, whatever it waits for. Milliseconds. */
  readonly answerMs: number;
}

/** The list, page by page. */
export const recordsRoutes: FastifyPluginAsyncTypebox<RecordsRoutesOptions> = async (
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
    const body = pages.kept(ok.etag);
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
          'A page of all records, ordered by `id`, each `id` once. The body is the records and nothing else; the headers say where in the list it is. Follow `Link: rel="next"` until there is none: its pages are all of one moment, so that every record of that moment is there exactly once, whatever arrives meanwhile. Such a walk can last some hours; after that it is answered 410. `nombre`, `apellido` and `pais` let through what is exactly that, any of the values within a field and all fields together; a walk with them is as complete. By `Accept` a page is JSON (the default), CSV with a header row (`text/csv`, its cells guarded as in `/records.csv`), or NDJSON (`application/x-ndjson`); `Accept-Encoding` takes `gzip` and `br`. A row that was stored without being checked is listed as it is, even if it breaks the rules of a record.',
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
      const form = { mediaType: mediaTypeOf(request, MEDIA_TYPES), encoding: encodingOf(request) };
      const asked = new AskedPage({ limit, offset }, filter, form);
      const open = () => openFiltered(warehouse, filter, snapshot);
      const opened = await open();
      if (!filter && snapshot === undefined) front.learn(request, (headers) => pageInMemory(asked, headers));
      const { unchanged } = asked.of(opened);
      // Before anything is read: this costs no call to the warehouse.
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
 * When a list is lost while it is read, it is opened and read once more: the one that takes its place, or, where a token names it, none
 * (`expired`). What was read for others can have been lost as theirs, so both errors mean this.
 */
export async function readPage<T>(
  open: () => Promise<RecordList>,
  opened: RecordList,
  read: (list: RecordList) => Promise<T>,
): Promise<ReadPage<T>> {
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

/** A page as it is asked for, whatever list it is taken from. */
class AskedPage {
  readonly range: PageRange;
  readonly format: LineFormat | undefined;
  readonly encoding: Encoding;
  /** What tells its bytes from those of the same range in another form. */
  readonly #suffix: string;
  /** Its filter, as the rest of a query. */
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
   * The headers of the page of a list but for its age, with a 200 and with a 304. Those of the last list are remembered; whether it was
   * opened by its token must not change between two of them.
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
