import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemResponses, requestIdHeader } from '../documentation/responses.ts';
import { exportBody } from '../formats/export-body.ts';
import { csv, type LineFormat, ndjson } from '../formats/formats.ts';
import { type Encoding, encodingOf, mediaTypeOf, tagSuffix } from '../formats/negotiation.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { RecordList, Warehouse } from '../warehouse/warehouse.ts';
import { filterOf, filterParameters, filterTag } from './filters.ts';
import { freshnessHeaders, isUnchanged, notModified } from './freshness.ts';
import { listHeaders, snapshotParameter, varyOf, WAREHOUSE_PROBLEMS } from './list-schemas.ts';
import { linesContent, openFiltered, readPage } from './records.ts';

/** At one time: each holds some thousand rows, whatever the length of the list. */
const MAX_EXPORTS = 8;
const RETRY_AFTER_MS = 30_000;
/** A reader that takes nothing for so long is cut off. Milliseconds. */
const STALL_MS = 300_000;

const VARY = 'Accept-Encoding';

const DESCRIPTIONS: ReadonlyMap<LineFormat, string> = new Map([
  [
    csv,
    'CSV as in RFC 4180, with a header row and CRLF. A cell that a spreadsheet could take for a formula (it begins with `=`, `+`, `-` or `@`, also after white space, or with a tab or line break) has an apostrophe put before it, and so has one that begins with an apostrophe: take one apostrophe away from every cell that begins with one, and you have what was stored.',
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
}

/** The whole list in one answer. */
export const exportRoutes: FastifyPluginAsyncTypebox<ExportRoutesOptions> = async (app, { warehouse }) => {
  let exporting = 0;

  /** The body, with its first rows read, and the list that it is of. */
  const open = async (
    reopen: () => Promise<RecordList>,
    opened: RecordList,
    format: LineFormat,
    encoding: Encoding,
    request: FastifyRequest,
  ) => {
    if (exporting >= MAX_EXPORTS) {
      const message = `${exporting} exports are under way`;
      throw new WarehouseError('busy', 'tooManyExports', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    exporting++;
    try {
      const page = await readPage(reopen, opened, (list) =>
        exportBody({ rows: list.rows(), format, encoding, stallMs: STALL_MS }),
      );
      page.body.once('close', () => exporting--).once('error', (error) => logBreak(error, request));
      return page;
    } catch (error) {
      exporting--;
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
          description: `All records of one moment, ordered by \`id\`, in one answer of any length. ${DESCRIPTIONS.get(format)} It is sent as fast as it is read, and a reader that takes nothing for five minutes is cut off. When it can not be finished the connection is broken, so that what has arrived in full is whole. \`Accept-Encoding\` takes \`gzip\` and \`br\`.`,
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
        const { list, body } = await open(openList, opened, format, encoding, request);
        return sendFile(reply, list, format, encoding, headersOf(list, suffix), body);
      },
    );
  }
};

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
