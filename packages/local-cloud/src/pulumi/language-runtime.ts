import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OnEvent } from '../cloud-event.ts';
import { forEachLine, LastLines } from '../lines.ts';
import { DeploymentError } from './deployment-error.ts';
import type { Project } from './project.ts';
import type { StackConfig } from './stack-config.ts';
import { ORGANIZATION } from './urn.ts';

const KEPT_LINES = 40;
// A module each, loaded before Pulumi's runtime.
const PRELOADED = [
  new URL('lean-runtime.ts', import.meta.url).href,
  new URL('whole-arguments.ts', import.meta.url).href,
];

export interface RunOptions {
  readonly project: Project;
  readonly stack: string;
  readonly config: StackConfig;
  /** `host:port` of the resource monitor and the engine. */
  readonly address: string;
  readonly dryRun: boolean;
  /** Variables of the program, beside those of this process. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  /** The Node that runs the program, with its arguments; this process's by default. */
  readonly node: readonly [path: string, ...args: string[]] | undefined;
  readonly signal: AbortSignal;
  onEvent: OnEvent;
}

export interface ProgramResult {
  readonly exitCode: number | null;
  /** The last lines that the program wrote to stderr. */
  readonly stderr: string;
}

/**
 * Runs a program to its end with the Node.js language runtime of the project's own @pulumi/pulumi. Throws
 * DeploymentError when that is not installed.
 */
export async function runProgram(options: RunOptions): Promise<ProgramResult> {
  const { project, stack, config, address, dryRun, environment, node, signal, onEvent } = options;
  const [path, ...args] = node ?? [process.execPath, ...ownArguments(project)];
  const child = spawn(
    path,
    [
      ...args,
      ...project.nodeArguments,
      runtimePath(project),
      ...['--monitor', address, '--engine', address],
      ...['--project', project.name, '--stack', stack, '--organization', ORGANIZATION],
      ...['--root-directory', project.directory, '--pwd', project.workingDirectory],
      ...(dryRun ? ['--dry-run'] : []),
      project.entryPoint,
    ],
    {
      env: {
        ...inheritedEnvironment(),
        // Loading Pulumi's SDK is most of a run. With V8's cached code, it takes half a second less.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
        PULUMI_CONFIG: JSON.stringify(config.values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
        PULUMI_NODEJS_TYPESCRIPT: String(project.typescript),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  const lastLines = new LastLines(KEPT_LINES);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [exitCode] = await Promise.all([
    exited,
    forEachLine(child.stdout, (message) =>
      onEvent({ type: 'log', source: 'pulumi', severity: 'info', message }),
    ),
    forEachLine(child.stderr, (message) => {
      lastLines.push(message);
      onEvent({ type: 'log', source: 'pulumi', severity: 'warning', message });
    }),
  ]);
  signal.removeEventListener('abort', kill);
  return { exitCode, stderr: lastLines.toString() };
}

function ownArguments({ typescript }: Project): string[] {
  // ts-node's traces need the maps.
  return typescript ? [] : PRELOADED.flatMap((module) => ['--import', module]);
}

function runtimePath(project: Project): string {
  try {
    return createRequire(join(project.directory, 'Pulumi.yaml')).resolve('@pulumi/pulumi/cmd/run/index.js');
  } catch (cause) {
    const message = `${project.directory}: @pulumi/pulumi is not installed. Install the project's dependencies.`;
    throw new DeploymentError([{ message }], { cause });
  }
}

/** The caller's environment, as with the Pulumi CLI, without the variables for the calling Node or for Pulumi. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('PULUMI_') && name !== 'NODE_OPTIONS' && name !== 'TRACEPARENT',
    ),
  );
}
