import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodeOf, UsageError } from '../errors.ts';
import { crossed, type LoadResult, load } from './load.ts';

const USAGE = `Usage: pnpm load (--api URL | --stack STACK) [--rate N] [--seconds N] [--p975 MS] [--failures SHARE] [--out FILE]

Reads pages of an API at a steady rate. Exit code 1 when a limit is crossed.

Options:
  --api URL          such as http://127.0.0.1:8080
  -s, --stack STACK  the API of a stack that Pulumi deployed
  --rate N           requests per second, 1 to 1000 (default: 8, since one address may send 600 a minute)
  --seconds N        how long, 1 to 900 (default: 30)
  --p975 MS          97.5 % of the answers must not take longer (default: 300)
  --failures SHARE   share of requests without a good answer that is accepted, 0 to 1 (default: 0.001)
  --json             print JSON
  --out FILE         add the result to this file, as Markdown
  --help             print this

API_ID_TOKEN is sent to an API that is private.
`;

process.exitCode = await exitCodeOf(USAGE, async () => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ api: text, rate: text, seconds: text, p975: text, failures: text, out: text },
      json: { type: 'boolean' },
      stack: { type: 'string', short: 's' },
    },
  });
  const number = (option: 'rate' | 'seconds' | 'p975' | 'failures', or: number, min: number, max: number) => {
    const value = Number(values[option] ?? or);
    if (value >= min && value <= max) return value;
    throw new UsageError(`--${option} must be ${min} to ${max}, got "${values[option]}"`);
  };
  const { API_ID_TOKEN: idToken } = process.env;
  const result = await load({
    api: await addressOf(values),
    idToken,
    rate: number('rate', 8, 1, 1000),
    seconds: number('seconds', 30, 1, 900),
  });
  const limits = { p975Ms: number('p975', 300, 1, 60_000), failures: number('failures', 0.001, 0, 1) };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${tableOf(result)}\n`);
  if (values.out) appendFileSync(values.out, `### Load\n\n\`\`\`\n${tableOf(result)}\n\`\`\`\n`);
  const problems = crossed(result, limits);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
});

/** Throws UsageError, and DeliveryError for a stack that has no API. */
async function addressOf({ api, stack }: { api?: string; stack?: string }): Promise<string> {
  if (api !== undefined && stack !== undefined) throw new UsageError('--api and --stack exclude each other');
  if (stack !== undefined) return (await (await import('@records/stack')).deployedOutputs(stack)).apiUrl;
  const protocol = URL.parse(api ?? '')?.protocol;
  if (api !== undefined && (protocol === 'http:' || protocol === 'https:')) return api;
  throw new UsageError(`--api must be an address, got "${api ?? ''}"; or name a stack: --stack`);
}

function tableOf({ requests, failed, statuses, p50Ms, p975Ms, p99Ms, maxMs }: LoadResult): string {
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  return [
    `requests  ${requests}, ${failed} failed (${counts.join(', ') || 'no answers'})`,
    `latency   p50 ${p50Ms} ms, p97.5 ${p975Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms`,
  ].join('\n');
}
