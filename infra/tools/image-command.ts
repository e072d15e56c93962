import { parseArgs } from 'node:util';
import { publishImage } from './image.ts';
import { CommandError, pulumiCli } from './pulumi-cli.ts';

const USAGE = `Usage: pnpm image -s STACK

Builds the image of the API from the working copy, pushes it to the registry of the stack's project, and sets its
digest in Pulumi.<stack>.yaml. Needs Docker, and once: gcloud auth configure-docker REGION-docker.pkg.dev
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { stack: { type: 'string', short: 's' } }, strict: false });
  if (typeof values.stack !== 'string') {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    process.stdout.write(`${await publishImage(values.stack, pulumiCli)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
