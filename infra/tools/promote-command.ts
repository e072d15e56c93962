import { promote, verifyProvenance } from './promote.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { readCurrent } from './rollout.ts';
import { stackCommand, UsageError } from './stack-command.ts';

const USAGE = `Usage: pnpm promote [IMAGE] -s STACK [--verify OWNER/NAME]

Deploys a stack with an image that was built before, named by its digest; without one, with the image that is set in
Pulumi.<stack>.yaml, as by pnpm image. It never builds. pnpm rollback takes it back.

Options:
  -s, --stack STACK       dev, staging, …
  --verify OWNER/NAME     only if the deploy workflow of that repository built it from main (needs gh)
  --help                  print this
`;

process.exitCode = await stackCommand(
  USAGE,
  { verify: { type: 'string' } },
  async ({ stack, positionals, text }) => {
    const [named, ...rest] = positionals;
    const image = named ?? (await readCurrent(stack, pulumiCli)).image;
    if (image === '' || rest.length > 0) throw new UsageError('Which image? Name one, by its digest.');
    const repository = text('verify');
    if (repository !== undefined) await verifyProvenance(image, repository);
    await promote(stack, image, pulumiCli);
    return 0;
  },
);
