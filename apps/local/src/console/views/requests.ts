import { randomBytes } from 'node:crypto';
import type { Entry } from '../../activity.ts';
import { shortType } from '../../short-type.ts';
import type { RequestsUpdate, ShownEvent } from '../event-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { TracedRequest } from '../trace-state.ts';
import type { Input, ServerView } from '../views.ts';

/** Between two lists of routes, and the least between two lists of events. */
const PAUSE_MS = 1_000;

const ANSWER_TIMEOUT_MS = 10_000;

/** *Requests and events*: requests by route and status, the spans of traced ones, and what happened, the newest last. */
export function open({ stack, activity, routes }: StackView): ServerView {
  const { traces } = stack;
  return {
    calls: { 'POST trace': ({ path }: Input) => traced(stack.outputs.apiUrl, path) },
    watch(send) {
      let last = 0;
      let sent = 0;
      let sending = false;
      const tick = async () => {
        if (sending) return;
        sending = true;
        try {
          const entries = activity.after(last);
          last = entries.at(-1)?.number ?? last;
          const update: RequestsUpdate = {
            ...{ events: entries.map(eventOf), routes: await routes(), tracesEndpoint: traces.endpoint },
            ...(traces.version !== sent && { traces: traces.last }),
          };
          sent = traces.version;
          send(update);
        } finally {
          sending = false;
        }
      };
      void tick();
      const timer = setInterval(() => void tick(), PAUSE_MS);
      return () => clearInterval(timer);
    },
  };
}

/** Sends a GET to the API as a caller that samples its trace. Any status counts as an answer. */
async function traced(apiUrl: string, path: unknown): Promise<TracedRequest> {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    const shown = JSON.stringify(path);
    throw new Refusal({
      en: `"path" is ${shown}: it must begin with /, such as /records?limit=3`,
      es: `"path" es ${shown}: debe empezar con /, como /records?limit=3`,
    });
  }
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
  const began = performance.now();
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(`${apiUrl}${path}`, { headers, signal });
    for await (const _ of response.body ?? []);
    return { traceId, status: response.status, milliseconds: performance.now() - began };
  } catch (error) {
    const seconds = ANSWER_TIMEOUT_MS / 1_000;
    const text = {
      en: `The API did not answer ${path}, or took longer than ${seconds} s. The pipeline above says why when it is red.`,
      es: `La API no respondió ${path}, o tardó más de ${seconds} s. El flujo de arriba dice por qué cuando está en rojo.`,
    };
    throw new Refusal(text, { cause: error });
  }
}

function eventOf({ number, at, happening }: Entry): ShownEvent {
  const event = { number, at };
  switch (happening.type) {
    case 'note':
      return { ...event, source: 'pnpm dev', severity: 'info', message: happening.message };
    case 'container': {
      const { service, state, message } = happening;
      const severity = state === 'crashed' || state === 'unhealthy' ? 'error' : 'info';
      return { ...event, source: service, severity, message: `${state}: ${message}` };
    }
    case 'step': {
      const { operation, type, name } = happening.step;
      const message = `${operation} ${shortType(type)} ${name}`;
      return { ...event, source: 'infra', severity: 'info', message };
    }
    case 'log':
      return { ...event, ...logOf(happening) };
  }
}

/** A line of the API is JSON in Cloud Logging's shape; other lines are shown as they are. */
function logOf({ source, severity, message }: Extract<Entry['happening'], { type: 'log' }>) {
  const line = message.startsWith('{') ? parsed(message) : undefined;
  if (line === undefined) return { source, severity, message };
  const { requestId, stack_trace: stack, 'logging.googleapis.com/trace': trace } = line;
  return {
    source,
    severity: String(line.severity ?? severity).toLowerCase(),
    message: String(line.message ?? message),
    ...(typeof requestId === 'string' && { requestId }),
    ...(typeof trace === 'string' && { traceId: trace.slice(trace.lastIndexOf('/') + 1) }),
    ...(typeof stack === 'string' && { stack }),
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // Not JSON after all.
  }
}
