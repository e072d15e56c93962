import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import { DeliveryError } from '../errors.ts';

/** The system under test: an address and a topic are enough, the rest is found from the topic. */
export interface Subject {
  /** Base URL of the API. */
  readonly api: string;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** For an API that is private. */
  readonly idToken?: string | undefined;
  /** The variables that lead Google's clients to a local cloud; empty for Google Cloud. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const TOPIC = /^projects\/([^/]+)\/topics\/[^/]+$/;

/** Throws DeliveryError when address or topic can not be one. */
export function checkSubject({ api, topic }: Subject): void {
  const url = URL.parse(api);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new DeliveryError(`"${api}" is not the address of an API, such as https://records.example.com`);
  }
  projectOf(topic);
}

export function projectOf(topic: string): string {
  const project = TOPIC.exec(topic)?.[1];
  if (project !== undefined) return project;
  throw new DeliveryError(`"${topic}" is not the full name of a topic: projects/PROJECT/topics/TOPIC`);
}

/** Google's own clients, led by the subject's variables instead of this process's. */
export function clientsOf({ topic, environment }: Subject): { pubsub: PubSub; bigquery: BigQuery } {
  const projectId = projectOf(topic);
  const { PUBSUB_EMULATOR_HOST: host, BIGQUERY_EMULATOR_HOST: url } = environment;
  // A local cloud wants no credentials, and looking for some takes seconds where there are none.
  const local = () => new PassThroughClient();
  const pubsub =
    host === undefined
      ? new PubSub({ projectId })
      : new PubSub({ projectId, apiEndpoint: host, emulatorMode: true, authClient: local() });
  if (url === undefined) return { pubsub, bigquery: new BigQuery({ projectId }) };
  const bigquery = new BigQuery({ projectId, apiEndpoint: url, authClient: local() });
  bigquery.baseUrl = url;
  return { pubsub, bigquery };
}

const ANSWER_TIMEOUT_MS = 30_000;

/** Asks the API. Throws DeliveryError when it does not answer at all. */
export async function ask({ api, idToken }: Subject, path: string): Promise<Response> {
  try {
    return await fetch(new URL(path, api), {
      headers: idToken === undefined ? {} : { authorization: `Bearer ${idToken}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (error) {
    const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    throw new DeliveryError(`the API at ${api} does not answer: ${reason}`);
  }
}
