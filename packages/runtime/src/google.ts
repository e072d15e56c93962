import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';

/** One JSON request to a Google API. */
export interface GoogleRequest {
  readonly url: string;
  /** `GET` when absent. */
  readonly method?: string;
  readonly params?: object;
  readonly json?: object | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Limit of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Limit of the whole request, retries included. */
  readonly signal?: AbortSignal;
  /** Retries after 429, 5xx or no reply, at growing intervals; none when absent. Only for a request that is safe to repeat. */
  readonly retries?: number;
}

/** Node's own agents drop idle connections after 5 s, and the next call pays for a handshake. */
const KEPT = { keepAlive: true, proxyEnv: process.env };
const http = new HttpAgent(KEPT);
const https = new HttpsAgent(KEPT);

const RETRIED_STATUSES: [number, number][] = [
  [429, 429],
  [500, 599],
];

type Environment = Readonly<Record<string, string | undefined>>;

/** An emulator wants no credentials, unless a metadata server says which account this is. Undefined at Google. */
export function emulatorCredentials({
  PUBSUB_EMULATOR_HOST,
  BIGQUERY_EMULATOR_HOST,
  GCE_METADATA_HOST,
}: Environment): AuthClient | undefined {
  const isAnonymous = (PUBSUB_EMULATOR_HOST ?? BIGQUERY_EMULATOR_HOST) !== undefined && !GCE_METADATA_HOST;
  return isAnonymous ? new PassThroughClient() : undefined;
}

/**
 * Google's REST APIs, called as the account that runs this process. The program that starts and ends within seconds cannot
 * afford Google's generated clients, and the API needs errors that it can catch and retries under its own deadline.
 */
export class Google {
  /** Base URLs, without a slash at the end. */
  readonly pubsub: string;
  readonly bigquery: string;
  readonly #auth: GoogleAuth<AuthClient>;

  /** Reads the variables that lead Google's own clients to an emulator. `auth` is the credentials of such a client. */
  constructor(environment: Environment = process.env, auth?: GoogleAuth<AuthClient>) {
    const { PUBSUB_EMULATOR_HOST: pubsub, BIGQUERY_EMULATOR_HOST: bigquery } = environment;
    this.pubsub = pubsub === undefined ? 'https://pubsub.googleapis.com/v1' : `http://${pubsub}/v1`;
    this.bigquery = bigquery ?? 'https://bigquery.googleapis.com/bigquery/v2';
    const authClient = emulatorCredentials(environment);
    this.#auth =
      auth ??
      new GoogleAuth({
        scopes: 'https://www.googleapis.com/auth/cloud-platform',
        ...(authClient && { authClient }),
      });
  }

  /**
   * Answers the reply's JSON. Throws GaxiosError: its `code` is the HTTP status, the name of a system error or
   * `TimeoutError`, its `cause` Google's error. Throws SyntaxError for a reply that is not a JSON object.
   */
  async request<Reply extends object>(request: GoogleRequest): Promise<Reply> {
    const { json: data, timeoutMs: timeout, retries: retry = 0, ...options } = request;
    const client = await this.#auth.getClient();
    const { data: reply, headers } = await client.request<Reply>({
      ...options,
      ...(data && { data }),
      timeout,
      agent: ({ protocol }) => (protocol === 'http:' ? http : https),
      responseType: 'json',
      retryConfig: {
        retry,
        noResponseRetries: retry,
        httpMethodsToRetry: ['GET', 'POST'],
        statusCodesToRetry: RETRIED_STATUSES,
      },
    });
    if (typeof reply === 'object' && reply !== null) return reply;
    throw new SyntaxError(`the reply is ${headers.get('content-type') ?? 'of no type'}, not JSON`);
  }

  /** The header that a private Cloud Run service wants. https://docs.cloud.google.com/run/docs/authenticating/service-to-service */
  async idTokenHeader(audience: string): Promise<Record<string, string>> {
    const client = await this.#auth.getIdTokenClient(audience);
    return Object.fromEntries(await client.getRequestHeaders());
  }
}
