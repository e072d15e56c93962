import type { Entry } from '../../activity.ts';
import type { ShownEvent } from '../event-state.ts';
import type { StackView } from '../stack-view.ts';
import type { ServerView } from '../views.ts';

/** Between two lists of routes, and the least between two lists of events. */
const PAUSE_MS = 1_000;

/** *Requests and events*: requests by route and status, and what happened, the newest last. */
export function open({ activity, routes }: StackView): ServerView {
  return {
    watch(send) {
      let last = 0;
      let sending = false;
      const tick = async () => {
        if (sending) return;
        sending = true;
        try {
          const entries = activity.after(last);
          last = entries.at(-1)?.number ?? last;
          send({ events: entries.map(eventOf), routes: await routes() });
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
      return { ...event, source: 'infra', severity: 'info', message: `${operation} ${type} ${name}` };
    }
    case 'log':
      return { ...event, ...logOf(happening) };
  }
}

/** A line of the API is JSON in Cloud Logging's shape; other lines are shown as they are. */
function logOf({ source, severity, message }: Extract<Entry['happening'], { type: 'log' }>) {
  const line = message.startsWith('{') ? parsed(message) : undefined;
  if (line === undefined) return { source, severity, message };
  const { requestId, stack_trace: stack } = line;
  return {
    source,
    severity: String(line.severity ?? severity).toLowerCase(),
    message: String(line.message ?? message),
    ...(typeof requestId === 'string' && { requestId }),
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
