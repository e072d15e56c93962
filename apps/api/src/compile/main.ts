/**
 * Starts and stops the API next to it, so that NODE_COMPILE_CACHE holds V8's compiled code and instances start faster. Runs while
 * the image is built, by the Node and the user of the image: the cache is invalid for others.
 * https://nodejs.org/api/module.html#module-compile-cache
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Milliseconds, for everything. */
const TIMEOUT_MS = 60_000;

if (!process.env.NODE_COMPILE_CACHE) {
  throw new Error('NODE_COMPILE_CACHE is not set: set it to the folder for compiled code');
}
const api = spawn(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: TIMEOUT_MS,
  env: {
    ...process.env,
    // Nothing of this exists, and no record is requested.
    GOOGLE_CLOUD_PROJECT: 'compile-cache',
    RECORDS_TABLE: 'compile-cache.records.records',
    AMENDMENTS_TABLE: 'compile-cache.records.amendments',
    SCRATCH_DATASET: 'compile-cache.scratch',
    BIGQUERY_LOCATION: 'US',
    PORT: '0',
  },
});
const exited = once(api, 'exit');
let answered = false;
for await (const line of createInterface({ input: api.stdout })) {
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
  if (url === undefined) continue;
  const response = await fetch(`${url}/health/live`);
  await response.body?.cancel();
  answered ||= response.ok;
  api.kill('SIGTERM');
}
const [code, signal] = await exited;
// After the timeout the API also stops cleanly, but without an answer.
if (!answered || code !== 0) {
  throw new Error(`the API exited with ${code ?? signal}${answered ? '' : ' and answered no request'}`);
}
