import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { INFRA } from './examples.ts';
import { CommandError, type PulumiCli, readCommand, runCommand } from './pulumi-cli.ts';

const REPOSITORY = dirname(INFRA);

/**
 * Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and sets its
 * digest in the stack's configuration. Answers the image by its digest. Throws CommandError.
 */
export async function publishImage(stack: string, pulumi: PulumiCli, docker = 'docker'): Promise<string> {
  const image = await build(await nameFor(stack, pulumi), docker);
  await pulumi.run(['config', 'set', '--stack', stack, 'image', image]);
  return image;
}

async function nameFor(stack: string, pulumi: PulumiCli): Promise<string> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: string }>;
  const project = config['gcp:project']?.value;
  const region = config['gcp:region']?.value;
  if (!project || !region) {
    const missing = project ? 'gcp:region' : 'gcp:project';
    throw new CommandError(
      `stack ${stack} has no ${missing}: pnpm pulumi config set -s ${stack} ${missing} …`,
    );
  }
  return `${region}-docker.pkg.dev/${project}/records/api`;
}

/** The tag is for people: nothing is deployed by it. */
async function build(name: string, docker: string): Promise<string> {
  const commit = await readCommand('git', ['describe', '--always', '--dirty', '--abbrev=12'], REPOSITORY);
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  const metadata = join(folder, 'metadata.json');
  try {
    await runCommand(
      docker,
      [
        ...['buildx', 'build', '--platform', 'linux/amd64', '--file', 'apps/api/Dockerfile'],
        ...['--label', `org.opencontainers.image.revision=${commit}`],
        ...['--tag', `${name}:${commit}`, '--push', '--metadata-file', metadata, '.'],
      ],
      REPOSITORY,
    );
    return `${name}@${digestIn(await readFile(metadata, 'utf8'))}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file */
function digestIn(metadata: string): string {
  const { 'containerimage.digest': digest } = JSON.parse(metadata) as Record<string, unknown>;
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new CommandError('docker buildx build told no digest of the image: was it pushed?');
  }
  return digest;
}
