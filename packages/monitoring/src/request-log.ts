import { and } from './filter.ts';
import { SERVICE_LABEL, SYSTEM } from './system.ts';

/**
 * Cloud Run's own line for each request to the API, whatever the API logs. It holds the whole URL.
 * https://docs.cloud.google.com/run/docs/logging
 */
export const REQUEST_LOG = and(
  'resource.type="cloud_run_revision"',
  SERVICE_LABEL,
  'log_id("run.googleapis.com/requests")',
);

/** The load balancer's line for each request, by its two URL maps. https://docs.cloud.google.com/load-balancing/docs/https/https-logging-monitoring */
const BALANCER_LOG = and(
  'resource.type="http_load_balancer"',
  `resource.labels.url_map_name=("${SYSTEM.service}" OR "${SYSTEM.service}-http")`,
  'log_id("requests")',
);

/** A query may name people (`?nombre=…`), and a page may pass it on as the referrer. */
const NAMES = '(httpRequest.requestUrl:"?" OR httpRequest.referer:"?")';

/** Of the bill, these lines would be the only part that grows with traffic. */
const QUICK = '(httpRequest.status<500 AND httpRequest.latency<"0.5s")';

/**
 * The lines of requests that Google must not keep. Log-based metrics count excluded lines, too.
 * https://docs.cloud.google.com/logging/docs/logs-based-metrics
 */
export const UNKEPT_REQUESTS = {
  name: `${SYSTEM.service}-requests`,
  description: 'Requests whose URL may name people, and those answered quickly and without an error.',
  filter: `((${REQUEST_LOG}) OR (${BALANCER_LOG})) AND (${QUICK} OR ${NAMES})`,
} as const;
