import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder per run of the tests, for plans that several test files ask for. */
export default function setup() {
  process.env.PLAN_CACHE = mkdtempSync(join(tmpdir(), 'plans-'));
  globalThis.removePlanCache = () => rmSync(process.env.PLAN_CACHE, { recursive: true, force: true });
}
