import { randomUUID } from 'node:crypto';
import { bigQueryColumns } from '@records/records-schema';

/** The new revision answers wrongly or not at all at its tag's address. */
export class TagCheckError extends Error {
  override readonly name = 'TagCheckError';
}

/** The address of a revision that takes no requests yet. */
export interface Tag {
  readonly url: string;
  /** For a private API. */
  readonly idToken: string | undefined;
}

/** Long enough for an instance to start. */
const TIMEOUT_MS = 30_000;

/**
 * Requests the readiness of a revision, a record of the list, the same record by its id, and an unknown id. Answers a
 * summary. Throws TagCheckError.
 */
export async function checkTag(tag: Tag): Promise<string> {
  const ready = await ask(tag, '/health/ready');
  await expectStatus(ready, 200);
  const listed = (await jsonOf(await ask(tag, '/records?limit=1'), 200)) as unknown;
  if (!Array.isArray(listed) || listed.length > 1) {
    throw new TagCheckError(`/records?limit=1 is not a list of one record: ${excerpt(listed)}`);
  }
  await expectStatus(await ask(tag, `/records/canary-${randomUUID()}`), 404);
  if (listed.length === 0) return 'ready; there is no record yet to look up; an unknown id is a 404';
  const [record] = listed as [unknown];
  const id = idOf(record);
  const found = await jsonOf(await ask(tag, `/records/${encodeURIComponent(id)}`), 200);
  idOf(found);
  if (JSON.stringify(found) !== JSON.stringify(record)) {
    throw new TagCheckError(`/records/${id} differs from the record in the list: ${excerpt(found)}`);
  }
  return 'ready; a record is the same in the list and by its id; an unknown id is a 404';
}

/**
 * The id of a value with the columns of a record. Only the columns are checked: a text that breaks a rule (decision 0004)
 * is the publisher's fault.
 */
function idOf(value: unknown): string {
  const row = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const wrong = bigQueryColumns
    .filter(
      ({ name, mode }) => !(typeof row[name] === 'string' || (mode === 'NULLABLE' && row[name] == null)),
    )
    .map(({ name }) => `${name} is not a text`);
  const more = Object.keys(row)
    .filter((key) => !bigQueryColumns.some(({ name }) => name === key))
    .map((key) => `${key} is not a column`);
  if (wrong.length + more.length > 0) {
    throw new TagCheckError(`${excerpt(value)} is not a record: ${[...wrong, ...more].join(', ')}`);
  }
  return String(row.id);
}

async function ask({ url, idToken }: Tag, path: string): Promise<Response> {
  try {
    return await fetch(new URL(path, url), {
      headers: idToken === undefined ? {} : { authorization: `Bearer ${idToken}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    throw new TagCheckError(`${path} does not answer: ${reason}`);
  }
}

async function jsonOf(response: Response, status: number): Promise<unknown> {
  const text = await expectStatus(response, status);
  try {
    return JSON.parse(text);
  } catch {
    throw new TagCheckError(`${pathOf(response)} is not JSON: ${excerpt(text)}`);
  }
}

/** The text of the answer. */
async function expectStatus(response: Response, status: number): Promise<string> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw new TagCheckError(
      `${pathOf(response)} broke off: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (response.status === status) return text;
  throw new TagCheckError(`${pathOf(response)} answers ${response.status}, not ${status}: ${excerpt(text)}`);
}

function pathOf({ url }: Response): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
