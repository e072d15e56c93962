import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reasonOf, SeederError } from '../errors.ts';
import { isObject, type Target, targetOf } from './target.ts';

/** Variables that would lead the Google clients away from Google Cloud. */
const DETOURS = ['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST', 'CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB'];

/** Pulumi's own rule. https://www.pulumi.com/docs/iac/concepts/stacks */
const STACK_NAME = /^\w[\w.-]*(\/\w[\w.-]*){0,2}$/;

/** The stack that Pulumi deployed from `infraDir`, by its outputs. Throws SeederError with Pulumi's own reason. */
export async function deployedStack(
  name: string,
  infraDir: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Target> {
  if (!STACK_NAME.test(name)) throw new SeederError(`stack "${name}" is not a name of a Pulumi stack`);
  const detour = DETOURS.find((variable) => environment[variable]);
  if (detour) {
    throw new SeederError(`${detour} is set, so stack ${name} would not be reached`, {
      wayOut: `unset ${detour}, or leave out --stack to seed the local stack`,
    });
  }
  return targetOf(await outputsOf(name, infraDir), `stack ${name}`, {});
}

async function outputsOf(name: string, infraDir: string): Promise<unknown> {
  const cli = await pulumiCli(infraDir);
  try {
    const args = [cli, 'stack', 'output', '--json', '--stack', name];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: infraDir });
    return JSON.parse(stdout);
  } catch (error) {
    const said = isObject(error) && typeof error.stderr === 'string' ? error.stderr.trim() : '';
    throw new SeederError(`Pulumi could not tell the outputs of stack ${name}: ${said || reasonOf(error)}`, {
      wayOut: `try \`pulumi stack output --stack ${name}\` in infra/; log in first if it says so`,
      cause: error,
    });
  }
}

/** The entry of the npm package `pulumi`, which fetches the real command line at its first use. */
async function pulumiCli(infraDir: string): Promise<string> {
  const packageDir = join(infraDir, 'node_modules', 'pulumi');
  try {
    const manifest: { bin: { pulumi: string } } = JSON.parse(
      await readFile(join(packageDir, 'package.json'), 'utf8'),
    );
    return join(packageDir, manifest.bin.pulumi);
  } catch (error) {
    throw new SeederError('the Pulumi command line is not installed in infra/', {
      wayOut: 'run `pnpm install`',
      cause: error,
    });
  }
}
