import { excerpt } from '@records/runtime';

/** Limit of one request, in milliseconds. An instance may have to start first. */
const TIMEOUT_MS = 30_000;

/** Characters of a body that a message quotes. */
const QUOTED = 200;

/** The API does not answer, or gives a wrong answer. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

export interface Answer {
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type HeaderFields = Readonly<Record<string, string>>;

/** An API at an address, read as any client reads it. */
export class Api {
  readonly url: string;
  readonly #authorization: () => Promise<HeaderFields> | HeaderFields;

  /** `authorization`: answers the headers that let a caller in; none for a public API. */
  constructor(url: string, authorization: () => Promise<HeaderFields> | HeaderFields = () => ({})) {
    this.url = url;
    this.#authorization = authorization;
  }

  /** Throws AnswerError when there is no answer. */
  async get(path: string, headers: HeaderFields = {}): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, this.url), {
        headers: { ...(await this.#authorization()), ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { path, status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw new AnswerError(`${path} does not answer: ${reasonOf(error)}`);
    }
  }
}

/** The header for a private API; none without a token. */
export function bearer(idToken: string | undefined): () => HeaderFields {
  return () => (idToken === undefined ? {} : { authorization: `Bearer ${idToken}` });
}

/** Throws AnswerError for another status. */
export function expectStatus({ path, status, text }: Answer, expected: number): void {
  if (status === expected) return;
  throw new AnswerError(`${path} answers ${status}, not ${expected}: ${quote(text)}`);
}

/** The JSON of a 200. Throws AnswerError. */
export function bodyOf(answer: Answer): unknown {
  expectStatus(answer, 200);
  try {
    return JSON.parse(answer.text);
  } catch {
    throw new AnswerError(`${answer.path} is not JSON: ${quote(answer.text)}`);
  }
}

/** The beginning of a value, for a message. */
export function quote(value: unknown): string {
  return excerpt(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)), QUOTED);
}

/** `fetch` says no more than "fetch failed"; its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
