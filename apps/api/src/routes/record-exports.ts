import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { exportBody } from '../formats/export-body.ts';
import { csv, type LineFormat, markedCsv, ndjson } from '../formats/formats.ts';
import { encodingOf, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import { ProblemError } from '../problems/problem.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { RecordList } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterTag } from './filters.ts';
import { freshnessHeaders, isUnchanged, notModified } from './freshness.ts';
import { LIST_PROBLEMS, listHeaders, snapshotParameter, varyOf } from './list-schemas.ts';
import type { RoutesOptions } from './options.ts';
import { linesContent, openFiltered, readPage } from './records.ts';

/** Concurrent exports: each holds some thousand rows, independent of the length of the list. */
const MAX_ANONYMOUS = 5;
const MAX_WITH_KEY = 3;
/** Fewer, so that two slow clients cannot occupy all. */
const MAX_PER_CALLER = 2;
const RETRY_AFTER_S = 30;

const VARY = 'Accept-Encoding';

const DESCRIPTIONS: ReadonlyMap<LineFormat, string> = new Map([
  [
    csv,
    "CSV (RFC 4180) with a header row and CRLF, in UTF-8. Excel shows accents only in a file with a byte order mark: open `/records.csv?bom=true` in a browser; where Excel separates cells at semicolons, import that file as text instead. No cell becomes a formula, whatever character an importer separates cells at: an apostrophe precedes each `=`, `+`, `-`, `@`, full-width form of these, tab, line break and apostrophe that begins a value or follows anything but a letter, a combining mark, a digit or an apostrophe. To restore a value, remove one apostrophe from each such place: all that `/(?<![\\p{L}\\p{M}\\p{N}'])'/gu` matches.",
  ],
  [ndjson, 'One JSON object per line.'],
]);

const parameters = { ...snapshotParameter, ...filterParameters };
const ExportQuery = Type.Object(parameters, { additionalProperties: false });
const CsvQuery = Type.Object(
  {
    ...parameters,
    bom: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the file begins with a byte order mark, by which Excel recognizes UTF-8.',
      }),
    ),
  },
  { additionalProperties: false },
);

const exportHeaders = { ...listHeaders, ...varyOf(VARY) };
const fileHeader = {
  'Content-Disposition': Type.String({
    pattern: '^attachment; filename="records-[0-9TZ-]+\\.(csv|ndjson)"$',
    description: 'A file name with the time of the snapshot.',
    examples: ['attachment; filename="records-2026-11-24T05-00-00Z.csv"'],
  }),
};

/** The whole list in one response. */
export const exportRoutes: FastifyPluginAsyncTypebox<RoutesOptions> = async (app, { warehouse }) => {
  const anonymous = new ExportSlots(MAX_ANONYMOUS, 'address');
  const withKey = new ExportSlots(MAX_WITH_KEY, 'key');

  for (const format of [csv, ndjson]) {
    const { extension, mediaType, contentType } = format;
    app.get(
      `/records.${extension}`,
      {
        schema: {
          operationId: `exportRecords${extension === 'csv' ? 'Csv' : 'Ndjson'}`,
          summary: `Export all records as ${extension.toUpperCase()}`,
          description: `All records of one snapshot, ordered by \`id\`, in one response of any length. ${DESCRIPTIONS.get(format)} The connection closes when the client takes less than 32 KiB in 30 s. A failure breaks the connection, so a response that ends normally is complete. There is no \`Range\`: start again. An instance sends ${MAX_ANONYMOUS} exports at a time and ${MAX_WITH_KEY} more to holders of keys, at most ${MAX_PER_CALLER} to one address or key, and fewer of filtered lists; more get 503 \`warehouse-busy\`. Supports \`Accept-Encoding: gzip\` and \`br\`.`,
          tags: ['records'],
          querystring: format === csv ? CsvQuery : ExportQuery,
          response: {
            200: {
              description: 'The records.',
              headers: { ...requestIdHeader, ...exportHeaders, ...fileHeader },
              content: { [mediaType]: linesContent(format) },
            },
            304: notModified(exportHeaders),
            ...problemResponses(...LIST_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        mediaTypeOf(request, [mediaType]);
        const encoding = encodingOf(request);
        const filter = filterOf(request.query);
        const marked = 'bom' in request.query && request.query.bom === true;
        const suffix = filterTag(filter) + tagSuffix(mediaType, encoding) + (marked ? '-bom' : '');
        const open = () => openFiltered(warehouse, filter, request.query.snapshot);
        const opened = await open();
        const headers = headersOf(opened, suffix);
        if (isUnchanged(request.headers, headers.etag, opened.takenAt)) {
          return reply.code(304).headers(headers).send();
        }
        const send = (list: RecordList, body: Readable) => {
          const moment = new Date(list.takenAt).toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
          if (encoding !== 'identity') reply.header('content-encoding', encoding);
          return reply
            .headers(headersOf(list, suffix))
            .header('content-disposition', `attachment; filename="records-${moment}.${extension}"`)
            .type(contentType)
            .send(body);
        };
        if (request.method === 'HEAD') return send(opened, Readable.from([]));
        const { id = '', hasKey = false } = request.caller ?? {};
        const leave = (hasKey ? withKey : anonymous).take(id);
        const { list, body } = await readPage(open, opened, (list) =>
          exportBody({ rows: list.rows(), format: marked ? markedCsv : format, encoding }),
        ).catch((error: unknown) => {
          leave();
          throw error;
        });
        body.once('close', leave).once('error', (error) => logBreak(error, request));
        return send(list, body);
      },
    );
  }
};

/** Limits concurrent exports, in total and per caller. */
class ExportSlots {
  readonly #max: number;
  /** What tells callers apart. */
  readonly #by: string;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(max: number, by: string) {
    this.#max = max;
    this.#by = by;
  }

  /** Returns the function that releases the slot. Throws `warehouse-busy`. */
  take(caller: string): () => void {
    const own = this.#taken.get(caller) ?? 0;
    if (own >= MAX_PER_CALLER)
      throw tooMany(`This instance already sends ${own} exports to your ${this.#by}.`);
    if (this.#all >= this.#max) throw tooMany(`This instance already sends ${this.#all} exports.`);
    this.#taken.set(caller, own + 1);
    this.#all++;
    return () => {
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
      this.#all--;
    };
  }
}

function tooMany(reason: string): ProblemError {
  return new ProblemError(
    'warehouse-busy',
    `${reason} Retry in ${RETRY_AFTER_S} s, or walk through /records.`,
    { headers: { 'retry-after': String(RETRY_AFTER_S) } },
  );
}

/** Once the response has begun, the client only sees a broken connection: the log holds the reason. */
function logBreak(err: Error, { log, method, routeOptions }: FastifyRequest): void {
  const message = `${method} ${routeOptions.url} broke off: ${err.message}`;
  if (err instanceof WarehouseError) log.error({ err, reason: err.reason }, message);
  else log.warn({ err }, message);
}

function headersOf(list: RecordList, suffix: string) {
  return {
    'x-total-count': String(list.total),
    'last-modified': new Date(list.takenAt).toUTCString(),
    etag: `"${list.token}${suffix}"`,
    vary: VARY,
    ...freshnessHeaders(list.freshness),
  };
}
