import { get } from 'node:http';
import { connect } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ProbeSpec } from '../pulumi/cloud.ts';

/** Cloud Run's default: the port accepts connections within four minutes. https://docs.cloud.google.com/run/docs/configuring/healthchecks */
export const DEFAULT_STARTUP_PROBE: ProbeSpec = {
  path: undefined,
  headers: {},
  initialDelaySeconds: 0,
  periodSeconds: 240,
  timeoutSeconds: 240,
  failureThreshold: 1,
};

/** Milliseconds within which a probe has to pass. */
export function budgetMs({ initialDelaySeconds, periodSeconds, failureThreshold }: ProbeSpec): number {
  return (initialDelaySeconds + periodSeconds * failureThreshold) * 1000;
}

/** Probes once. Undefined when the probe passes, else why it fails. */
export async function probeOnce(
  spec: ProbeSpec,
  port: number,
  clock: Clock,
  abort?: AbortSignal,
): Promise<string | undefined> {
  const expired = new AbortController();
  const timer = clock.setTimeout(() => expired.abort(), spec.timeoutSeconds * 1000);
  const signal = abort ? AbortSignal.any([abort, expired.signal]) : expired.signal;
  try {
    if (spec.path === undefined) await connectTo(port, signal);
    else await getOk(spec.path, spec.headers, port, signal);
    return undefined;
  } catch (error) {
    if (expired.signal.aborted) return `no answer within ${spec.timeoutSeconds} s`;
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.cancel();
  }
}

function connectTo(port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

function getOk(
  path: string,
  headers: Readonly<Record<string, string>>,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, signal, agent: false }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      // Cloud Run takes 2xx and 3xx.
      if (status >= 200 && status < 400) resolve();
      else reject(new Error(`GET ${path} answered ${status}`));
    });
    request.once('error', reject);
  });
}
