import { appendFile } from 'node:fs/promises';
import { publishImage } from './image.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { stackCommand, UsageError } from './stack-command.ts';

const USAGE = `Usage: pnpm image -s STACK [--frozen | --renew-bases] [--out FILE]

Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and sets its
digest in Pulumi.<stack>.yaml. Needs Docker, and once: gcloud auth configure-docker REGION-docker.pkg.dev

The image is built from bases by their digests. One that apps/api/Dockerfile lacks is asked for and written there.

Options:
  -s, --stack STACK   whose project keeps the image
  --frozen            only from digests that are in apps/api/Dockerfile, as a workflow builds
  --renew-bases       write the digests that the tags of the bases have now
  --out FILE          add the line image=… to this file, such as GitHub's GITHUB_OUTPUT
  --help              print this
`;

process.exitCode = await stackCommand(
  USAGE,
  { frozen: { type: 'boolean' }, 'renew-bases': { type: 'boolean' }, out: { type: 'string' } },
  async ({ stack, text, flag }) => {
    if (flag('frozen') && flag('renew-bases')) {
      throw new UsageError('--frozen and --renew-bases exclude each other');
    }
    const pinning = flag('frozen') ? 'frozen' : flag('renew-bases') ? 'renew' : 'missing';
    const image = await publishImage(stack, pulumiCli, { pinning, environment: process.env });
    process.stdout.write(`${image}\n`);
    const out = text('out');
    if (out !== undefined) await appendFile(out, `image=${image}\n`);
    return 0;
  },
);
