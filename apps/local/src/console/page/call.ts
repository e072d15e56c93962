import type { Text } from '../text.ts';
import { t } from './text.ts';

/** Calls the server's part of a view. Throws an Error whose message is for the person. */
export async function call<T>(method: 'GET' | 'POST', path: string, input?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, {
      method,
      ...(method === 'POST' && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input ?? {}),
      }),
    });
  } catch (error) {
    throw new Error(t(NO_ANSWER), { cause: error });
  }
  const answer = (await response.json()) as T & { readonly error?: Text };
  if (response.ok) return answer;
  throw new Error(answer.error && t(answer.error));
}

const NO_ANSWER = {
  en: 'pnpm dev does not answer. Start it again, and try again.',
  es: 'pnpm dev no responde. Vuelva a iniciarlo e intente de nuevo.',
};
