import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';

/** Retries of one call, which Google's library spaces. */
const RETRIES = 2;
/** Of one attempt. Milliseconds. */
const TIMEOUT_MS = 20_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The two REST APIs that the prober calls, as the account that runs it. Google's own clients of them would take longer to load than a
 * probe takes. The variables are those that lead Google's clients to an emulator.
 */
export class Google {
  readonly pubsub: string;
  readonly bigquery: string;
  readonly #auth: GoogleAuth;
  #client: Promise<AuthClient> | undefined;

  constructor(environment: Environment) {
    const { PUBSUB_EMULATOR_HOST: host, BIGQUERY_EMULATOR_HOST: url, CLOUD_RUN_JOB: job } = environment;
    this.pubsub = host === undefined ? 'https://pubsub.googleapis.com/v1' : `http://${host}/v1`;
    this.bigquery = url ?? 'https://bigquery.googleapis.com/bigquery/v2';
    this.#auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
    // An emulator wants no credentials of a person; a job has those of its account.
    if (host !== undefined && job === undefined) this.#client = Promise.resolve(new PassThroughClient());
  }

  /** Throws what the library throws: a GaxiosError with Google's message. */
  async post<Reply>(
    url: string,
    data: object,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply> {
    this.#client ??= this.#auth.getClient();
    const client = await this.#client;
    const { data: reply } = await client.request<Reply>({
      url,
      method: 'POST',
      data,
      headers,
      signal,
      timeout: TIMEOUT_MS,
      retryConfig: {
        retry: RETRIES,
        httpMethodsToRetry: ['POST'],
        statusCodesToRetry: [
          [429, 429],
          [500, 599],
        ],
      },
    });
    return reply;
  }

  /** The header for a private service of Cloud Run. https://docs.cloud.google.com/run/docs/authenticating/service-to-service */
  async idTokenFor(audience: string): Promise<Record<string, string>> {
    const client = await this.#auth.getIdTokenClient(audience);
    return Object.fromEntries(await client.getRequestHeaders());
  }
}
