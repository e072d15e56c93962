import { type Fixture, PROJECT } from './bigquery.ts';

/** A response with its JSON body; `undefined` for an empty one. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly body: any;
}

/** Calls the REST API without a client. `path` is below the project: `datasets/d`. */
export async function call(
  { server }: Pick<Fixture, 'server'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isText = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
  const response = await fetch(`${server.url}/bigquery/v2/projects/${PROJECT}/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: isText ? (body as BodyInit) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** What a refused call says. Throws when the call succeeds. */
export async function refusedCall(
  answer: Promise<Answer>,
): Promise<{ status: number; reason: string; message: string }> {
  const { status, body } = await answer;
  if (status < 400) throw new Error(`the call was expected to be refused, and answers ${status}`);
  return { status, reason: body.error.errors[0].reason, message: body.error.message };
}
