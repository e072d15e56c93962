import { UserError } from '@records/cli';
import { deployedOutputs } from '@records/stack';
import { appendMarkdown, conclude } from '../shared/report.ts';
import { crossed, type LoadResult, load } from './load.ts';

export interface LoadChoice {
  readonly api?: string | undefined;
  readonly stack?: string | undefined;
  readonly rate: number;
  readonly seconds: number;
  readonly p975: number;
  readonly failures: number;
  readonly json: boolean;
  readonly out?: string | undefined;
}

/** Throws UserError without an address. */
export async function proveLoad({ rate, seconds, p975, failures, json, out, ...where }: LoadChoice) {
  const api = await addressOf(where);
  const result = await load({ api, idToken: process.env.API_ID_TOKEN, rate, seconds });
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${textOf(result)}\n`);
  if (out !== undefined) await appendMarkdown(out, 'Load', textOf(result));
  conclude(crossed(result, { p975Ms: p975, failures }), json ? console.error : console.log);
}

async function addressOf({ api, stack }: Pick<LoadChoice, 'api' | 'stack'>): Promise<string> {
  if (api !== undefined) return api;
  if (stack === undefined) {
    throw new UserError('no API is named', {
      hint: 'name an address or a stack: pnpm prove load --api http://127.0.0.1:8080',
    });
  }
  return (await deployedOutputs(stack)).apiUrl;
}

function textOf({ requests, failed, statuses, p50Ms, p975Ms, p99Ms, maxMs }: LoadResult): string {
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  return [
    `requests  ${requests}, ${failed} failed (${counts.join(', ') || 'no answers'})`,
    `latency   p50 ${p50Ms} ms, p97.5 ${p975Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms`,
  ].join('\n');
}
