import { Refusal } from './text.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** Asks the API for a path. Throws Refusal with the detail of its problem document, or when it does not answer. */
export async function askApi(apiUrl: string, path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${apiUrl}${path}`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    const text = {
      en: `The API does not answer at ${apiUrl}. The pipeline above says why; try again when it is no longer red.`,
      es: `La API no responde en ${apiUrl}. El flujo de arriba dice por qué; intente de nuevo cuando ya no esté en rojo.`,
    };
    throw new Refusal(text, { cause: error });
  }
  if (response.ok) return response;
  const { title = '', detail = '' } = (await response.json()) as { title?: string; detail?: string };
  const said = `${response.status} ${title}. ${detail}`;
  throw new Refusal({ en: `The API answered ${said}`, es: `La API respondió ${said}` });
}
