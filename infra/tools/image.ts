import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { INFRA } from './examples.ts';
import { CommandError, type PulumiCli, readCommand, runCommand } from './pulumi-cli.ts';

const REPOSITORY = dirname(INFRA);

const DIGEST = /^sha256:[0-9a-f]{64}$/;

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
  const [builder, base] = [await pinned('BUILD_IMAGE', docker), await pinned('RUNTIME_IMAGE', docker)];
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  const metadata = join(folder, 'metadata.json');
  try {
    await runCommand(
      docker,
      [
        ...['buildx', 'build', '--platform', 'linux/amd64', '--file', 'apps/api/Dockerfile'],
        ...['--build-arg', `BUILD_IMAGE=${builder.name}@${builder.digest}`],
        ...['--build-arg', `RUNTIME_IMAGE=${base.name}@${base.digest}`],
        ...['--label', `org.opencontainers.image.revision=${commit}`],
        ...['--label', `org.opencontainers.image.base.name=${base.name}`],
        ...['--label', `org.opencontainers.image.base.digest=${base.digest}`],
        ...['--tag', `${name}:${commit}`, '--push', '--metadata-file', metadata, '.'],
      ],
      REPOSITORY,
    );
    return `${name}@${digestIn(await readFile(metadata, 'utf8'))}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * The default of an argument of the Dockerfile, with the digest that its tag has now. Throws CommandError.
 * https://docs.docker.com/reference/cli/docker/buildx/imagetools/inspect/
 */
async function pinned(argument: string, docker: string): Promise<{ name: string; digest: string }> {
  const dockerfile = await readFile(join(REPOSITORY, 'apps', 'api', 'Dockerfile'), 'utf8');
  const name = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(dockerfile)?.[1];
  if (name === undefined) throw new CommandError(`apps/api/Dockerfile has no default for ${argument}`);
  const format = ['--format', '{{.Manifest.Digest}}'];
  const digest = await readCommand(docker, ['buildx', 'imagetools', 'inspect', name, ...format], REPOSITORY);
  if (!DIGEST.test(digest)) {
    throw new CommandError(
      `docker buildx imagetools inspect told no digest of ${name}, which the image is built from: ${JSON.stringify(digest)}`,
    );
  }
  return { name, digest };
}

/** https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file */
function digestIn(metadata: string): string {
  const { 'containerimage.digest': digest } = JSON.parse(metadata) as Record<string, unknown>;
  if (typeof digest !== 'string' || !DIGEST.test(digest)) {
    throw new CommandError('docker buildx build told no digest of the image: was it pushed?');
  }
  return digest;
}
