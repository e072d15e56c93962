import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from './paths.ts';

export interface BundledApi extends AsyncDisposable {
  readonly folder: string;
  /** The program's file. */
  readonly main: string;
  /** The environment variables of the image. */
  readonly environment: Readonly<Record<string, string>>;
}

const run = promisify(execFile);

/** Builds the contents of the API's image in a temporary folder. */
export async function bundleApi(): Promise<BundledApi> {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const environment = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const remove = () => rm(folder, { recursive: true });
  try {
    await run(process.execPath, [join(REPOSITORY, 'apps/api/esbuild.config.ts'), folder]);
    await run(process.execPath, [join(folder, 'compile.js')], { env: { ...process.env, ...environment } });
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, main: join(folder, 'main.js'), environment, [Symbol.asyncDispose]: remove };
}
