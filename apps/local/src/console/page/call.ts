/** Calls the server's part of a view. Throws an Error whose message is for the person. */
export async function call<T>(method: 'GET' | 'POST', path: string, input?: object): Promise<T> {
  const response = await fetch(`/api/${path}`, {
    method,
    ...(method === 'POST' && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input ?? {}),
    }),
  });
  const answer = (await response.json()) as T & { readonly error?: string; readonly hint?: string };
  if (response.ok) return answer;
  throw new Error(answer.hint === undefined ? answer.error : `${answer.error}: ${answer.hint}`);
}
