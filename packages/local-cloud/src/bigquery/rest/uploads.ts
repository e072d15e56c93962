import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBody } from '../../http/body.ts';
import { invalid } from '../errors.ts';
import type { Media } from '../load-rows.ts';
import { jsonOf } from './door.ts';

/** Clients with a resumable upload split larger files; each part of a multipart one is in memory. */
const MAX_MULTIPART_BYTES = 64 * 1024 * 1024;
/** Google takes files of 5 TB; a disk does not. */
const MAX_FILE_BYTES = 1024 ** 3;
/** Beyond this the upload that was used least recently is dropped. */
const MAX_SESSIONS = 32;

/** A path of the upload endpoints: `/upload/bigquery/v2/…`, `/resumable/upload/bigquery/v2/…`. */
const UPLOAD_PATH = /^(?:\/bigquery\/v2)*(?:\/resumable)?\/upload(\/bigquery\/v2\/.*)$/;

/** The path of the method that an upload calls; undefined for another path. */
export function uploadedPath(pathname: string): string | undefined {
  return UPLOAD_PATH.exec(pathname)?.[1];
}

/** What the method is called with once the file is complete. */
interface Uploaded {
  readonly metadata: unknown;
  readonly media: Media;
}

export type UploadStep =
  | { readonly kind: 'begun'; readonly uploadId: string }
  /** The bytes that are stored so far. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  | { readonly kind: 'complete'; readonly uploaded: Uploaded; finish(answer: object): void }
  /** The upload was complete before: its client did not get the answer. */
  | { readonly kind: 'answered'; readonly answer: object };

interface Session {
  readonly metadata: unknown;
  /** The account that began it. */
  readonly owner: string | undefined;
  readonly path: string;
  bytes: number;
  answer: object | undefined;
}

/**
 * Uploads of files, in one request or in chunks. Files are in a folder of their own until their job has read them.
 * https://docs.cloud.google.com/bigquery/docs/reference/api-uploads
 */
export class Uploads {
  #folder: Promise<string> | undefined;
  readonly #sessions = new Map<string, Session>();

  /** One request of an upload. Throws INVALID_ARGUMENT, NOT_FOUND for an upload that is not known. */
  async take(
    request: IncomingMessage,
    query: URLSearchParams,
    owner: string | undefined,
  ): Promise<UploadStep> {
    const uploadId = query.get('upload_id');
    if (uploadId !== null) return this.#resume(request, uploadId, owner);
    const type = query.get('uploadType') ?? '';
    if (type === 'resumable') return this.#begin(jsonOf(await readBody(request, MAX_MULTIPART_BYTES)), owner);
    if (type === 'multipart') return this.#multipart(request);
    throw invalid(`Invalid value for uploadType: ${JSON.stringify(type)}; it must be multipart or resumable`);
  }

  async close(): Promise<void> {
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #multipart(request: IncomingMessage): Promise<UploadStep> {
    const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(request.headers['content-type'] ?? '');
    const name = boundary?.[1] ?? boundary?.[2];
    if (name === undefined)
      throw invalid('Invalid value for the header Content-Type: it must name a boundary');
    const [metadata, content, ...others] = partsOf(await readBody(request, MAX_MULTIPART_BYTES), name);
    if (!metadata || !content || others.length > 0) {
      throw invalid('A multipart upload has two parts: the resource as JSON, and the file');
    }
    const media = await this.#media(randomUUID());
    await using file = await open(media.path, 'w');
    await file.writeFile(content);
    return {
      kind: 'complete',
      uploaded: { metadata: jsonOf(metadata), media: { ...media, bytes: content.length } },
      finish: () => undefined,
    };
  }

  async #begin(metadata: unknown, owner: string | undefined): Promise<UploadStep> {
    const uploadId = randomUUID();
    const { path } = await this.#media(uploadId);
    await using _file = await open(path, 'w');
    this.#sessions.set(uploadId, { metadata, owner, path, bytes: 0, answer: undefined });
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MAX_SESSIONS && oldest) await this.#drop(...oldest);
    return { kind: 'begun', uploadId };
  }

  async #drop(uploadId: string, { path }: Session): Promise<void> {
    this.#sessions.delete(uploadId);
    await rm(path, { force: true });
  }

  async #resume(request: IncomingMessage, uploadId: string, owner: string | undefined): Promise<UploadStep> {
    const session = this.#sessions.get(uploadId);
    if (!session || session.owner !== owner) throw notKnown(uploadId);
    // Used last, so dropped last.
    this.#sessions.delete(uploadId);
    this.#sessions.set(uploadId, session);
    if (session.answer) return { kind: 'answered', answer: session.answer };
    const { first, total } = rangeOf(request.headers['content-range']);
    if (first !== undefined) {
      if (first > session.bytes)
        throw invalid(`The upload has ${session.bytes} bytes, so none can follow byte ${first}`);
      await using file = await open(session.path, 'r+');
      session.bytes = await store(request, file, first);
    }
    if (total === undefined ? request.headers['content-range'] !== undefined : session.bytes < total) {
      return { kind: 'incomplete', bytes: session.bytes };
    }
    const { metadata, path, bytes } = session;
    return {
      kind: 'complete',
      uploaded: { metadata, media: { path, bytes, delete: () => rm(path, { force: true }) } },
      finish(answer) {
        session.answer = answer;
      },
    };
  }

  async #media(name: string): Promise<Media> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'uploads-'));
    const path = join(await this.#folder, name);
    return { path, bytes: 0, delete: () => rm(path, { force: true }) };
  }
}

function notKnown(uploadId: string) {
  return invalid(`There is no upload ${uploadId}: begin a new one with uploadType=resumable`);
}

/** Writes a chunk at its place and returns where it ends. */
async function store(request: IncomingMessage, file: FileHandle, first: number): Promise<number> {
  let position = first;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (position + chunk.length > MAX_FILE_BYTES) {
      throw invalid(`The file is too large: the local BigQuery takes at most ${MAX_FILE_BYTES} bytes`);
    }
    await file.write(chunk, 0, chunk.length, position);
    position += chunk.length;
  }
  return position;
}

/** `bytes 0-99/200`, with `*` for a chunk that has no bytes or a total that is not known yet. */
function rangeOf(header: string | undefined): { first?: number; total?: number } {
  if (header === undefined) return { first: 0 };
  const match = /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(?:(\d{1,15})|\*)$/.exec(header);
  if (!match) throw invalid(`Invalid value for the header Content-Range: ${header}`);
  return {
    ...(match[1] !== undefined && { first: Number(match[1]) }),
    ...(match[2] !== undefined && { total: Number(match[2]) }),
  };
}

/** The contents of the parts of a multipart body. */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const mark = Buffer.from(`--${boundary}`);
  const parts: Buffer[] = [];
  let start = body.indexOf(mark);
  while (start >= 0) {
    const end = body.indexOf(mark, start + mark.length);
    if (end < 0) return parts;
    const content = withoutHeaders(body.subarray(start + mark.length, end));
    parts.push(content);
    start = end;
  }
  return parts;
}

function withoutHeaders(part: Buffer): Buffer {
  const [break_, length] = part.includes('\r\n\r\n') ? ['\r\n\r\n', 4] : ['\n\n', 2];
  const from = part.indexOf(break_) + length;
  const newline = length / 2;
  return part.subarray(from, part.length - newline);
}
