import type { Google, GoogleRequest } from '@records/runtime';

/** Calls one of Google's APIs: two retries, 20 s for an attempt, and 30 s for all. */
export function call<Reply extends object>(
  google: Google,
  request: Pick<GoogleRequest, 'url' | 'json' | 'headers'>,
): Promise<Reply> {
  const method = request.json ? 'POST' : 'GET';
  return google.request({
    ...request,
    method,
    timeoutMs: 20_000,
    retries: 2,
    signal: AbortSignal.timeout(30_000),
  });
}

/** Answers the id of the message. https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish */
export async function publish(
  google: Google,
  topic: string,
  data: Uint8Array | string,
  attributes: Readonly<Record<string, string>>,
): Promise<string> {
  const messages = [{ data: Buffer.from(data).toString('base64'), attributes }];
  const url = `${google.pubsub}/${topic}:publish`;
  const { messageIds } = await call<{ messageIds?: readonly string[] }>(google, { url, json: { messages } });
  return messageIds?.[0] ?? '';
}
