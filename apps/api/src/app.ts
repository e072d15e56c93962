import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import swagger from '@fastify/swagger';
import { RecordRow } from '@records/records-schema';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Config } from './config.ts';
import { openApiOptions } from './documentation/openapi.ts';
import { PageCache } from './formats/page-cache.ts';
import { Front } from './front/front.ts';
import { FrontResponse } from './front/front-response.ts';
import { ApiKeys } from './keys/api-keys.ts';
import { AddressLimit } from './limits/address-limit.ts';
import { Load } from './limits/load.ts';
import { Sending } from './limits/sending.ts';
import { answerClientError, answerConnect, answerExpectation } from './plugins/client-errors.ts';
import { drainOnClose } from './plugins/draining.ts';
import { addHeaders } from './plugins/headers.ts';
import { collectMethods } from './plugins/method-not-allowed.ts';
import { compileParameters } from './plugins/parameters.ts';
import { answerProblems, MAX_URL_LENGTH, sendProblem, toProblem } from './plugins/problems.ts';
import { limitRates } from './plugins/rate-limit.ts';
import { checkRequests } from './plugins/request-checks.ts';
import { logRequest } from './plugins/request-log.ts';
import { measureRequests } from './plugins/telemetry.ts';
import { ProblemSchema } from './problems/problem.ts';
import { Readiness } from './readiness.ts';
import { countriesRoutes } from './routes/countries.ts';
import { documentationRoutes } from './routes/documentation.ts';
import { healthRoutes } from './routes/health.ts';
import { homeRoutes } from './routes/home.ts';
import { recordRoutes } from './routes/record.ts';
import { exportRoutes } from './routes/record-exports.ts';
import { recordsRoutes } from './routes/records.ts';
import { noTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { traceFields } from './trace.ts';
import type { Warehouse } from './warehouse/warehouse.ts';

export interface AppOptions {
  readonly config: Pick<
    Config,
    'project' | 'anonymousRequestsPerMinute' | 'trustedProxies' | 'maxRequestsInFlight'
  >;
  readonly warehouse: Warehouse;
  readonly logger: FastifyBaseLogger;
  /** No keys by default. Closed with the app. */
  readonly keys?: ApiKeys;
  /** Refuse requests while the event loop is later than this. Milliseconds. */
  readonly maxEventLoopDelayMs?: number;
  /** The clock of the limits: milliseconds, from any fixed point. */
  readonly now?: () => number;
  /** Closed with the app. */
  readonly telemetry?: Telemetry;
  /** Keep serving this long after `close()`, with `Connection: close` on every response. Milliseconds. */
  readonly drainMs?: number;
  /** Time to receive a request in full. Milliseconds. */
  readonly requestTimeoutMs?: number;
  /** Close the connection when a client takes less than 32 KiB of an answer in this long. Milliseconds. */
  readonly stallMs?: number;
  /** Time to answer a request other than an export, all waits included. Milliseconds. */
  readonly answerMs?: number;
}

/** The API, ready to `listen` or `inject`. */
export async function buildApp({
  config,
  warehouse,
  logger,
  keys = new ApiKeys({ file: undefined, log: logger }),
  telemetry = noTelemetry,
  maxEventLoopDelayMs = 250,
  now = () => performance.now(),
  drainMs = 500,
  requestTimeoutMs = 10_000,
  stallMs = 30_000,
  // A request that arrives while the instance drains ends within its 9.5 s.
  answerMs = 8_500,
}: AppOptions): Promise<FastifyInstance> {
  const { metrics } = telemetry;
  const { anonymousRequestsPerMinute: requestsPerMinute, trustedProxies: proxies } = config;
  const anonymous = new AddressLimit({ requestsPerMinute, proxies, now });
  const load = new Load({ maxInFlight: config.maxRequestsInFlight, maxEventLoopDelayMs, metrics });
  const logsEach = logger.isLevelEnabled('debug');
  const sending = new Sending({ stallMs, metrics, now });
  const front = new Front({ limit: anonymous, load, sending, telemetry, logsEach });
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (parent, bindings, options, request) =>
      parent.child({ ...bindings, ...traceFields(request.headers, config.project) }, options),
    // The router takes `*`, which only OPTIONS may ask for (RFC 9110, 7.1), for `/`.
    rewriteUrl: ({ url = '', method }) => (url.startsWith('*') && method !== 'OPTIONS' ? `/${url}` : url),
    // Never taken from the request: a client must not choose or repeat an id in the logs.
    genReqId: () => randomUUID(),
    serverFactory: (routes) =>
      createServer(
        {
          ServerResponse: FrontResponse,
          requestTimeout: requestTimeoutMs,
          headersTimeout: requestTimeoutMs,
          connectionsCheckingInterval: requestTimeoutMs / 2,
          requireHostHeader: false,
          // Otherwise Node hides the second of two Host headers.
          joinDuplicateHeaders: true,
          // No route reads a body.
          optimizeEmptyRequests: true,
          // Longer than Google's front ends, so that they close idle connections and never send on a closed one.
          // https://docs.cloud.google.com/load-balancing/docs/https/request-distribution#timeout-keepalive-backends
          keepAliveTimeout: 620_000,
        },
        front.listener(routes),
      ),
    // Requests that arrive while the app closes are still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    // A URL that the router cannot read has no route and runs no hook.
    frameworkErrors: (error, request, reply) => {
      sendProblem(toProblem(error), request, reply);
      logRequest(request, reply);
    },
    clientErrorHandler: answerClientError,
  });
  app.server.on('connect', answerConnect);
  app.server.on('checkExpectation', (request, response) => {
    answerExpectation(request, response);
    sending.add(request.socket, response, anonymous.addressOf(request), 0);
  });
  const readiness = new Readiness({ warehouse, log: app.log, now: () => performance.now() });
  const refuseOtherMethods = collectMethods(app);

  app.setValidatorCompiler(compileParameters);
  // Bodies are bytes already. Compiling a serializer for each response takes a fifth of the start (decision 0007).
  app.setSerializerCompiler(() => refuseToSerialize);
  app.addSchema(RecordRow);
  app.addSchema(ProblemSchema);

  await app.register(swagger, openApiOptions);
  answerProblems(app);
  measureRequests(app, telemetry);
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply));
  addHeaders(app);
  limitRates(app, { anonymous, keys, metrics, now });
  checkRequests(app);
  app.addHook('onSend', (request, reply, body, done) => {
    front.made(request, reply, body);
    done();
  });
  const onStop = () => {
    front.stop();
    sending.stop();
    readiness.stop();
  };
  drainOnClose(app, { drainMs, onStop });

  // Closed in reverse order.
  for (const part of [telemetry, load, sending, keys, warehouse])
    app.addHook('onClose', async () => part.close());
  const options = { warehouse, pages: new PageCache(), front, readiness, answerMs };
  for (const routes of ROUTES) await app.register(routes, options);
  refuseOtherMethods();
  return app;
}

/** In the order of the OpenAPI document. Each has a display name: without one, Fastify searches every loaded module for the plugin. */
const ROUTES = [
  recordsRoutes,
  exportRoutes,
  recordRoutes,
  countriesRoutes,
  homeRoutes,
  healthRoutes,
  documentationRoutes,
].map((routes) => Object.assign(routes, { [Symbol.for('fastify.display-name')]: routes.name }));

function refuseToSerialize(): never {
  throw new TypeError('a route must send text or bytes');
}
