import { randomUUID } from 'node:crypto';
import { AnswerError, Api, bearer, bodyOf, expectStatus, quote } from './api.ts';
import { faultOf } from './record.ts';

/** The address of a revision that takes no requests yet. */
export interface Tag {
  readonly url: string;
  /** For a private API. */
  readonly idToken: string | undefined;
}

/**
 * Requests the readiness of a revision, a record of the list, the same record by its id, and an unknown id. Answers a
 * summary. Throws AnswerError.
 */
export async function checkTag({ url, idToken }: Tag): Promise<string> {
  const api = new Api(url, bearer(idToken));
  expectStatus(await api.get('/health/ready'), 200);
  const listed = bodyOf(await api.get('/records?limit=1'));
  if (!Array.isArray(listed) || listed.length > 1) {
    throw new AnswerError(`/records?limit=1 is not a list of one record: ${quote(listed)}`);
  }
  expectStatus(await api.get(`/records/canary-${randomUUID()}`), 404);
  const [record] = listed;
  if (record === undefined) return 'ready; there is no record yet to look up; an unknown id is a 404';
  const fault = faultOf(record);
  if (fault !== undefined) throw new AnswerError(`${quote(record)} is not a record: ${fault}`);
  const path = `/records/${encodeURIComponent(record.id)}`;
  const difference = faultOf(bodyOf(await api.get(path)), record);
  if (difference === undefined)
    return 'ready; a record is the same in the list and by its id; an unknown id is a 404';
  throw new AnswerError(`${path} differs from the record in the list: ${difference}`);
}
