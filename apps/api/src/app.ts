import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import swagger from '@fastify/swagger';
import { RecordRow } from '@records/records-schema';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Config } from './config.ts';
import { openApiOptions } from './documentation/openapi.ts';
import { KeptPages } from './formats/kept-pages.ts';
import { Front } from './front/front.ts';
import { ApiKeys } from './keys/api-keys.ts';
import { AddressLimit } from './limits/address-limit.ts';
import { Load } from './limits/load.ts';
import { answerClientError, answerExpectation } from './plugins/client-errors.ts';
import { deprecation } from './plugins/deprecation.ts';
import { draining } from './plugins/draining.ts';
import { headers } from './plugins/headers.ts';
import { collectMethods } from './plugins/method-not-allowed.ts';
import { compileParameters } from './plugins/parameters.ts';
import { MAX_URL_LENGTH, problems, sendProblem, toProblem } from './plugins/problems.ts';
import { rateLimit } from './plugins/rate-limit.ts';
import { requestChecks } from './plugins/request-checks.ts';
import { logRequest, requestLog } from './plugins/request-log.ts';
import { countRequests } from './plugins/telemetry.ts';
import { ProblemSchema } from './problems/problem.ts';
import { Readiness } from './readiness.ts';
import { countriesRoutes } from './routes/countries.ts';
import { documentationRoutes } from './routes/documentation.ts';
import { healthRoutes } from './routes/health.ts';
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
  /** None by default. Closed with the app. */
  readonly keys?: ApiKeys;
  /** How late the event loop may be before requests are refused. Milliseconds. */
  readonly maxEventLoopDelayMs?: number;
  /** For the rate limit. Milliseconds, from any fixed point. */
  readonly now?: () => number;
  /** Ended with the app. */
  readonly telemetry?: Telemetry;
  /** How long, after it is told to stop, an instance goes on to take requests, telling each client to hang up. Milliseconds. */
  readonly drainMs?: number;
  /** Time to receive a request in full. Milliseconds. */
  readonly requestTimeoutMs?: number;
  /** Who takes nothing of an answer for so long is hung up on; of an export, which is read at leisure, much longer. Milliseconds. */
  readonly stallMs?: number;
  /** Until a request that is no export is answered, whatever it waits for and however often. Milliseconds. */
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
  // What arrives while an instance drains is over within the 9.5 s of its stop.
  answerMs = 8_500,
}: AppOptions): Promise<FastifyInstance> {
  const { metrics } = telemetry;
  const { anonymousRequestsPerMinute: requestsPerMinute, trustedProxies: proxies } = config;
  const anonymous = new AddressLimit({ requestsPerMinute, proxies, now });
  const load = new Load({ maxInFlight: config.maxRequestsInFlight, maxEventLoopDelayMs, metrics });
  const front = new Front({
    limit: anonymous,
    load,
    telemetry,
    stallMs,
    logsEach: logger.isLevelEnabled('debug'),
  });
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (parent, bindings, options, request) =>
      parent.child({ ...bindings, ...traceFields(request.headers, config.project) }, options),
    // Never the caller's: an id in the logs must not be chosen, or repeated, from outside.
    genReqId: () => randomUUID(),
    serverFactory: (routes) =>
      createServer(
        {
          requestTimeout: requestTimeoutMs,
          headersTimeout: requestTimeoutMs,
          connectionsCheckingInterval: requestTimeoutMs / 2,
          requireHostHeader: false,
          // No request has a body that is read: without one, there is no stream to wait for the end of.
          optimizeEmptyRequests: true,
          // Longer than Google's front ends keep a connection, so that it is they who close it and no request meets a closed one.
          // https://docs.cloud.google.com/load-balancing/docs/https/request-distribution#timeout-keepalive-backends
          keepAliveTimeout: 620_000,
        },
        front.listener(routes),
      ),
    // What arrives while stopping is still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    // A URL that the router can not read: no route, and none of the hooks below.
    frameworkErrors: (error, request, reply) => {
      sendProblem(toProblem(error), request, reply);
      logRequest(request, reply);
    },
    clientErrorHandler: answerClientError,
  });
  app.server.on('checkExpectation', answerExpectation);
  const readiness = new Readiness({ warehouse, log: app.log, now: () => performance.now() });
  const refuseOtherMethods = collectMethods(app);

  app.setValidatorCompiler(compileParameters);
  // Bodies are bytes already: a serializer for each response of the document is a fifth of the start, for nothing (decision 0007).
  app.setSerializerCompiler(() => refuseToSerialize);
  app.addSchema(RecordRow);
  app.addSchema(ProblemSchema);

  await app.register(swagger, openApiOptions);
  await app.register(problems);
  await app.register(countRequests, { telemetry });
  await app.register(requestLog);
  await app.register(headers);
  await app.register(deprecation);
  await app.register(rateLimit, { anonymous, keys, proxies, metrics, now });
  await app.register(requestChecks);
  const onStop = () => {
    front.stop();
    readiness.stop();
  };
  await app.register(draining, { drainMs, onStop });

  app.addHook('onClose', async () => load.close());
  app.addHook('onClose', () => keys.close());
  app.addHook('onClose', () => warehouse.close());
  const pages = new KeptPages();
  await app.register(recordsRoutes, { warehouse, pages, front, answerMs });
  await app.register(exportRoutes, { warehouse, proxies });
  await app.register(recordRoutes, { warehouse, front, answerMs });
  await app.register(countriesRoutes, { warehouse, pages, answerMs });
  await app.register(healthRoutes, { readiness });
  await app.register(documentationRoutes, { pages });
  refuseOtherMethods();
  return app;
}

function refuseToSerialize(): never {
  throw new TypeError('a route must send text or bytes');
}
