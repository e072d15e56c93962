import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { INFRA } from './examples.ts';
import { CommandError, pulumiCli, readCommand, runCommand } from './pulumi-cli.ts';

const USAGE = `Usage: pnpm image -s STACK

Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and sets its
digest in Pulumi.<stack>.yaml. Needs Docker, and once: gcloud auth configure-docker REGION-docker.pkg.dev
`;

const REPOSITORY = dirname(INFRA);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { stack: { type: 'string', short: 's' } }, strict: false });
  if (typeof values.stack !== 'string') {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const image = await buildImage(await registryOf(values.stack));
    await pulumiCli.run(['config', 'set', '--stack', values.stack, 'image', image]);
    process.stdout.write(`${image}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function registryOf(stack: string): Promise<string> {
  const config = (await pulumiCli.ask(['config', '--stack', stack])) as Record<string, { value?: string }>;
  const project = config['gcp:project']?.value;
  const region = config['gcp:region']?.value;
  if (!project || !region) {
    throw new CommandError(`stack ${stack} has no project: pulumi config set -s ${stack} gcp:project …`);
  }
  return `${region}-docker.pkg.dev/${project}/records/api`;
}

/** The image's name by its digest. The tag is for people: nothing is deployed by it. */
async function buildImage(name: string): Promise<string> {
  const commit = await readCommand('git', ['describe', '--always', '--dirty', '--abbrev=12'], REPOSITORY);
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  const metadata = join(folder, 'metadata.json');
  try {
    await runCommand(
      'docker',
      [
        ...['buildx', 'build', '--platform', 'linux/amd64', '--file', 'apps/api/Dockerfile'],
        ...['--label', `org.opencontainers.image.revision=${commit}`],
        ...['--tag', `${name}:${commit}`, '--push', '--metadata-file', metadata, '.'],
      ],
      REPOSITORY,
    );
    const { 'containerimage.digest': digest } = JSON.parse(await readFile(metadata, 'utf8'));
    return `${name}@${digest}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
