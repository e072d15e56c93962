import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { asAnswered, type Resource, shapeOf } from './google-shapes.ts';

/** By the provider's own name, with what follows the host in its address. */
const APIS = {
  bigQuery: 'bigquery/v2/',
  billingBudgets: 'v1/',
  cloudRunV2: 'v2/',
  cloudScheduler: 'v1/',
  compute: 'compute/v1/',
  iamBeta: 'v1/',
  logging: 'v2/',
  monitoring: '',
  pubsub: 'v1/',
  resourceManager: 'v1/',
  secretManager: 'v1/',
  serviceUsage: 'v1beta1/',
} as const;

export type Api = keyof typeof APIS;

/** Parameters that name a new resource. */
const ID_PARAMETERS = ['serviceId', 'jobId', 'secretId', 'schemaId', 'serviceLevelObjectiveId'];
/** Members that hold the resource itself, in some calls that change it. */
const WRAPPERS = ['topic', 'subscription', 'secret'];

interface Call {
  readonly api: Api;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Resource;
}

/**
 * Google's management APIs, as far as the stacks call them. Everything given is kept and answered as Google answers it: without zero, false
 * and empty values, and with the numbers of projects where Google writes numbers.
 */
export class Google implements AsyncDisposable {
  readonly #server: Server;
  readonly #resources = new Map<string, Resource>();
  readonly #policies = new Map<string, Resource>();
  #newId = 1000;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const call = await callOf(request);
      const answer = call && this.#answer(call);
      const error = { code: 404, message: `${request.method} ${request.url}`, status: 'NOT_FOUND' };
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { error }));
    });
  }

  static async start(): Promise<Google> {
    const google = new Google();
    await once(google.#server.listen(0, '127.0.0.1'), 'listening');
    return google;
  }

  /** Settings by which the provider calls this server for everything. */
  get settings(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return Object.fromEntries(
      Object.entries(APIS).map(([api, version]) => [
        `gcp:${api}CustomEndpoint`,
        `http://127.0.0.1:${port}/${api}/${version}`,
      ]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Undefined when there is no such resource. */
  #answer(call: Call): Resource | undefined {
    const { api, method, path, body } = call;
    const key = `${api}/${path}`;
    const [resource = '', verb] = key.split(/:(?=\w+$)/);
    if (verb === 'getIamPolicy') return this.#policies.get(resource) ?? { etag: 'a' };
    if (verb === 'setIamPolicy') {
      const policy = { ...(body.policy as Resource), etag: 'a' };
      this.#policies.set(resource, policy);
      return policy;
    }
    if (verb === 'generateServiceIdentity') return operation(api, path, { email: PUBSUB_AGENT });
    if (path.includes('/operations/')) return operation(api, path);
    if (method === 'GET') return this.#resources.get(key);
    if (method === 'POST') return this.#post(call);
    const wrapped = WRAPPERS.map((name) => body[name]).find(isResource);
    return this.#keep(api, path, { ...this.#resources.get(key), ...(wrapped ?? body) });
  }

  /** Creates a resource, or changes the part of one that has a call of its own. */
  #post({ api, path, query, body }: Call): Resource {
    const [, owner, part] = /^(.+)\/set(Labels|SecurityPolicy)$/.exec(path) ?? [];
    if (owner === undefined || part === undefined) {
      return this.#keep(api, `${path}/${this.#idOf(api, query, body)}`, body);
    }
    const name = part === 'Labels' ? 'labels' : 'securityPolicy';
    return this.#keep(api, owner, { ...this.#resources.get(`${api}/${owner}`), [name]: body[name] });
  }

  #idOf(api: Api, query: URLSearchParams, body: Resource): unknown {
    const { name, accountId, roleId, datasetReference, tableReference } = body;
    // The name of a log-based metric may have slashes; others begin with their parent's.
    const given = api === 'logging' ? name : typeof name === 'string' ? name.split('/').pop() : undefined;
    const { datasetId, tableId } = { ...(datasetReference as Resource), ...(tableReference as Resource) };
    const parameter = ID_PARAMETERS.map((id) => query.get(id)).find((id) => id !== null);
    return parameter ?? tableId ?? datasetId ?? accountId ?? roleId ?? (given || this.#newId++);
  }

  #keep(api: Api, path: string, given: Resource): Resource {
    const { path: found, resource } = shapeOf(api, path, given);
    const answered = asAnswered(resource);
    this.#resources.set(`${api}/${found}`, answered);
    return api === 'compute' || api === 'cloudRunV2' ? operation(api, found, answered) : answered;
  }
}

const PUBSUB_AGENT = 'service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

async function callOf(request: IncomingMessage): Promise<Call | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const [, api = '', rest = ''] = /^\/(\w+)\/(.*)$/.exec(pathname) ?? [];
  if (!(api in APIS)) return undefined;
  const body = await text(request);
  return {
    api: api as Api,
    method: request.method ?? '',
    path: decodeURIComponent(rest.slice(APIS[api as Api].length)),
    query: searchParams,
    body: body === '' ? {} : JSON.parse(body),
  };
}

/** An operation that is done. */
function operation(api: Api, path: string, response: Resource = {}): Resource {
  const place = path.replace(/(global|regions\/[^/]+)\/.*/, '$1');
  const selfLink = `https://www.googleapis.com/compute/v1/${place}/operations/done`;
  if (api === 'compute') return { name: 'done', status: 'DONE', selfLink, targetLink: path };
  return { name: 'projects/p/operations/done', done: true, response };
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
