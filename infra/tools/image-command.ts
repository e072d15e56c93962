import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { publishImage } from './image.ts';
import { CommandError, pulumiCli } from './pulumi-cli.ts';

const USAGE = `Usage: pnpm image -s STACK

Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and sets its
digest in Pulumi.<stack>.yaml. Needs Docker, and once: gcloud auth configure-docker REGION-docker.pkg.dev

Options:
  -s, --stack STACK   whose project keeps the image
  --out FILE          add the line image=… to this file, such as GitHub's GITHUB_OUTPUT
  --help              print this
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { stack: { type: 'string', short: 's' }, out: { type: 'string' }, help: { type: 'boolean' } },
    strict: false,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (typeof values.stack !== 'string') {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const image = await publishImage(values.stack, pulumiCli);
    process.stdout.write(`${image}\n`);
    if (typeof values.out === 'string') await appendFile(values.out, `image=${image}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
