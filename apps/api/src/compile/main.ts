/**
 * Starts the API beside it once and stops it, so that what V8 compiled of it is in the folder NODE_COMPILE_CACHE, from where
 * an instance starts sooner. Part of building the image, by the Node and the user that will run it: for others it does not count.
 * https://nodejs.org/api/module.html#module-compile-cache
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Longest time for all of it. Milliseconds. */
const TIMEOUT_MS = 60_000;

if (!process.env.NODE_COMPILE_CACHE) {
  throw new Error('NODE_COMPILE_CACHE is not set: it must be the folder for what was compiled');
}
const api = spawn(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url))], {
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: TIMEOUT_MS,
  env: {
    ...process.env,
    // Of nothing that exists: nobody asks for a record.
    GOOGLE_CLOUD_PROJECT: 'compile-cache',
    RECORDS_TABLE: 'compile-cache.records.records',
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
// What is stopped for taking too long stops as it should, and has answered nobody.
if (!answered || code !== 0) {
  throw new Error(`the API ended with ${code ?? signal}${answered ? '' : ', and answered nobody'}`);
}
