import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { exportBody } from '../formats/export-body.ts';
import { csv, type LineFormat, ndjson } from '../formats/formats.ts';
import { type Encoding, encodingOf, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import { clientAddress } from '../limits/client-address.ts';
import { ProblemError } from '../problems/problem.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterTag } from './filters.ts';
import { freshnessHeaders, isUnchanged, notModified } from './freshness.ts';
import { listHeaders, snapshotParameter, varyOf, WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import { linesContent, openFiltered, readPage } from './records.ts';

/** At one time: each holds some thousand rows, whatever the length of the list. */
const MAX_EXPORTS = 8;
/** So that nobody who reads slowly has all of them. */
const MAX_PER_CALLER = 4;
const RETRY_AFTER_S = 30;
/** A reader that takes nothing for so long is cut off. Milliseconds. */
const STALL_MS = 300_000;

const VARY = 'Accept-Encoding';

const DESCRIPTIONS: ReadonlyMap<LineFormat, string> = new Map([
  [
    csv,
    'CSV as in RFC 4180, with a header row and CRLF. A cell that a spreadsheet could take for a formula (it begins with `=`, `+`, `-`, `@` or their full-width forms, also after white space, or with a tab or line break) has an apostrophe put before it, and so has one that begins with an apostrophe: take one apostrophe away from every cell that begins with one, and you have what was stored. UTF-8 without a byte order mark: import it as UTF-8.',
  ],
  [ndjson, 'One JSON object per line.'],
]);

const ExportQuery = Type.Object(
  { ...snapshotParameter, ...filterParameters },
  { additionalProperties: false },
);

const exportHeaders = { ...listHeaders, ...varyOf(VARY) };
const fileHeader = {
  'Content-Disposition': Type.String({
    pattern: '^attachment; filename="records-[0-9TZ-]+\\.(csv|ndjson)"$',
    description: 'A name for the file, with the moment whose list it is.',
    examples: ['attachment; filename="records-2026-11-24T05-00-00Z.csv"'],
  }),
};

export interface ExportRoutesOptions {
  readonly warehouse: Warehouse;
  /** Proxies of ours before this process, 0 to 2. */
  readonly proxies: number;
}

/** The whole list in one answer. */
export const exportRoutes: FastifyPluginAsyncTypebox<ExportRoutesOptions> = async (
  app,
  { warehouse, proxies },
) => {
  const places = new ExportPlaces();

  /** The body, with its first rows read, and the list that it is of. */
  const open = async (
    reopen: () => Promise<RecordList>,
    opened: RecordList,
    format: LineFormat,
    encoding: Encoding,
    request: FastifyRequest,
  ) => {
    const leave = places.enter(clientAddress(request.raw, proxies));
    try {
      const page = await readPage(reopen, opened, (list) =>
        exportBody({ rows: list.rows(), format, encoding, stallMs: STALL_MS }),
      );
      page.body.once('close', leave).once('error', (error) => logBreak(error, request));
      return page;
    } catch (error) {
      leave();
      throw error;
    }
  };

  for (const format of [csv, ndjson]) {
    const { extension, mediaType } = format;
    app.get(
      `/records.${extension}`,
      {
        schema: {
          operationId: `exportRecords${extension === 'csv' ? 'Csv' : 'Ndjson'}`,
          summary: `Export all records as ${extension.toUpperCase()}`,
          description: `All records of one moment, ordered by \`id\`, in one answer of any length. ${DESCRIPTIONS.get(format)} It is sent as fast as it is read, and a reader that takes nothing for five minutes is cut off. When it can not be finished the connection is broken, so that what has arrived in full is whole; there is no \`Range\`, it is asked for again. An instance sends ${MAX_EXPORTS} exports at one time, ${MAX_PER_CALLER} of them to one address, and fewer of filtered lists; more are answered 503 \`warehouse-busy\`. \`Accept-Encoding\` takes \`gzip\` and \`br\`.`,
          tags: ['records'],
          querystring: ExportQuery,
          response: {
            200: {
              description: 'The records.',
              headers: { ...requestIdHeader, ...exportHeaders, ...fileHeader },
              content: { [mediaType]: linesContent(format) },
            },
            304: notModified(exportHeaders),
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
        mediaTypeOf(request, [mediaType]);
        const encoding = encodingOf(request);
        const { snapshot } = request.query;
        const filter = filterOf(request.query);
        const suffix = filterTag(filter) + tagSuffix(mediaType, encoding);
        const openList = () => openFiltered(warehouse, filter, snapshot);
        const opened = await openList();
        const headers = headersOf(opened, suffix);
        if (isUnchanged(request.headers, headers.etag, opened.takenAt)) {
          return reply.code(304).headers(headers).send();
        }
        if (request.method === 'HEAD') {
          return sendFile(reply, opened, format, encoding, headers, Readable.from([]));
        }
        const { socket } = request.raw;
        // `inject` has none.
        if (socket instanceof Socket) socket.setTimeout(STALL_MS);
        const { list, body } = await open(openList, opened, format, encoding, request);
        return sendFile(reply, list, format, encoding, headersOf(list, suffix), body);
      },
    );
  }
};

/** Who is being sent an export. */
class ExportPlaces {
  /** How many each caller has. */
  readonly #taken = new Map<string, number>();
  #all = 0;

  /** Returns what has to be called on leaving. */
  enter(caller: string): () => void {
    const own = this.#taken.get(caller) ?? 0;
    if (own >= MAX_PER_CALLER) throw tooMany(`${own} exports are sent to your address already.`);
    if (this.#all >= MAX_EXPORTS) throw tooMany(`${this.#all} exports are sent by this instance already.`);
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
    `${reason} Ask again in ${RETRY_AFTER_S} s, or walk through /records.`,
    { headers: { 'retry-after': String(RETRY_AFTER_S) } },
  );
}

function sendFile(
  reply: FastifyReply,
  { takenAt }: RecordList,
  { contentType, extension }: LineFormat,
  encoding: Encoding,
  headers: Record<string, string>,
  body: Readable,
): FastifyReply {
  const moment = new Date(takenAt).toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  reply
    .headers(headers)
    .header('content-disposition', `attachment; filename="records-${moment}.${extension}"`);
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.type(contentType).send(body);
}

/** What breaks an answer off can only be told to its reader by breaking the connection, so the log has to say why. */
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
