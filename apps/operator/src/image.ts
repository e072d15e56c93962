import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option, UserError, verb } from '@records/cli';
import { variablesFor } from '@records/infra/deployment';
import { type Pulumi, pulumi, REPOSITORY, readCommand, runCommand, stackOption } from '@records/stack';
import { type BaseImage, basesOf, DIGEST, type Pinning } from './base-images.ts';

export function addImage(ops: Command): void {
  verb(ops, 'image', {
    summary: 'build and push the image of the API',
    description:
      "Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and prints it by its digest.",
    more: `Needs Docker, and once: gcloud auth configure-docker REGION-docker.pkg.dev
The image names its bases by digest. A digest that apps/api/Dockerfile lacks is looked up and written there.`,
    example: 'pnpm ops image -s dev',
  })
    .addOption(stackOption())
    .addOption(
      new Option('--frozen', 'use only digests in apps/api/Dockerfile, as a workflow does').conflicts(
        'renewBases',
      ),
    )
    .option('--renew-bases', "write the present digests of the bases' tags")
    .option('--up', 'deploy it, too: one pulumi up, after a preview and a question')
    .option('--out <file>', "add the line image=… to this file, such as GitHub's GITHUB_OUTPUT")
    .action(async ({ stack, frozen, renewBases, up, out }) => {
      const pinning = frozen ? 'frozen' : renewBases ? 'renew' : 'missing';
      const image = await publishImage(stack, pulumi, { pinning, environment: process.env });
      process.stdout.write(`${image}\n`);
      if (out !== undefined) await appendFile(out, `image=${image}\n`);
      if (up) await pulumi.run(['up', '--stack', stack], variablesFor(image, undefined));
    });
}

interface ImageOptions {
  readonly pinning: Pinning;
  /** GitHub's variables name the repository in the image's labels. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly docker?: string;
  readonly dockerfile?: string;
}

/** Builds the image and pushes it. Answers it by its digest. Throws UserError. */
export async function publishImage(stack: string, pulumi: Pulumi, options: ImageOptions): Promise<string> {
  return build(await nameFor(stack, pulumi), options);
}

async function nameFor(stack: string, pulumi: Pulumi): Promise<string> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Record<string, { value?: string }>;
  const project = config['gcp:project']?.value;
  const region = config['gcp:region']?.value;
  if (!project || !region) {
    const missing = project ? 'gcp:region' : 'gcp:project';
    throw new UserError(`stack ${stack} has no ${missing}`, {
      hint: `set it: pnpm pulumi config set -s ${stack} ${missing} …`,
    });
  }
  return `${region}-docker.pkg.dev/${project}/records/api`;
}

/** The tag is for people; deployments name the digest. */
async function build(
  name: string,
  { pinning, environment = {}, docker = 'docker', dockerfile = 'apps/api/Dockerfile' }: ImageOptions,
): Promise<string> {
  const bases = await basesOf(resolve(REPOSITORY, dockerfile), pinning, (base) => digestOf(base, docker));
  const commit = await readCommand('git', ['describe', '--always', '--dirty', '--abbrev=12'], REPOSITORY);
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  const metadata = join(folder, 'metadata.json');
  const labels = { revision: commit, ...labelsOfBase(bases), ...labelsOfSource(environment) };
  try {
    await runCommand(
      docker,
      [
        ...['buildx', 'build', '--platform', 'linux/amd64', '--file', dockerfile],
        ...Object.entries(labels).flatMap(([label, value]) => [
          '--label',
          `org.opencontainers.image.${label}=${value}`,
        ]),
        // GitHub attests how it was built. Buildx would push its own statements as two more versions of each build, and the
        // registry keeps fifty versions.
        ...['--provenance=false', '--sbom=false'],
        ...['--tag', `${name}:${commit}`, '--push', '--metadata-file', metadata, '.'],
      ],
      REPOSITORY,
    );
    return `${name}@${digestIn(await readFile(metadata, 'utf8'))}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function labelsOfBase(bases: readonly BaseImage[]): Record<string, string> {
  const base = bases.at(-1);
  return base === undefined ? {} : { 'base.name': base.name, 'base.digest': base.digest };
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables */
function labelsOfSource({
  GITHUB_SERVER_URL: server,
  GITHUB_REPOSITORY: repository,
}: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return server && repository ? { source: `${server}/${repository}` } : {};
}

/** The present digest of a tag. https://docs.docker.com/reference/cli/docker/buildx/imagetools/inspect/ */
function digestOf(base: string, docker: string): Promise<string> {
  const format = ['--format', '{{.Manifest.Digest}}'];
  return readCommand(docker, ['buildx', 'imagetools', 'inspect', base, ...format], REPOSITORY);
}

/** https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file */
function digestIn(metadata: string): string {
  const { 'containerimage.digest': digest } = JSON.parse(metadata) as Record<string, unknown>;
  if (typeof digest !== 'string' || !DIGEST.test(digest)) {
    throw new UserError('docker buildx build printed no digest of the image: was it pushed?');
  }
  return digest;
}
