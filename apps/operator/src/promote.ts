import { type Command, InvalidArgumentError, Option, verb } from '@records/cli';
import { variablesFor } from '@records/infra/deployment';
import { INFRA, type Pulumi, pulumi, runCommand, stackOption } from '@records/stack';

const BY_DIGEST = /^[a-z0-9.-]+(:\d+)?\/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$/;

/** The signed statements of an image: how it was built, and the npm packages in it. */
const STATEMENTS = ['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document/v2.3'];

/** The value of --verify for a repository whose plan at GitHub signs nothing. */
const NOBODY = 'nobody';

export function verifyOption() {
  return new Option(
    '--verify <repository>',
    'only if the deploy workflow of OWNER/NAME built it from main (needs gh); "nobody" where GitHub signs nothing',
  ).argParser((text: string) => {
    if (text === NOBODY || /^[\w.-]+\/[\w.-]+$/.test(text)) return text;
    throw new InvalidArgumentError(`"${text}" must be OWNER/NAME, or ${NOBODY}`);
  });
}

export function addPromote(ops: Command): void {
  verb(ops, 'promote', {
    summary: 'deploy an image that was built before',
    description:
      'Deploys a stack with an image that was built before: one pulumi up, without a question. pnpm ops rollback takes it back.',
    example: 'pnpm ops promote "$IMAGE" -s dev',
  })
    .argument('<image>', 'by its digest', imageByDigest)
    .addOption(stackOption())
    .addOption(verifyOption())
    .action(async (image, { stack, verify }) => {
      if (verify !== undefined) await verifyProvenance(image, verify);
      await promote(stack, image, pulumi);
    });
}

/** Parses an image: a tag can move to another one. Throws InvalidArgumentError. */
export function imageByDigest(text: string): string {
  if (BY_DIGEST.test(text)) return text;
  throw new InvalidArgumentError(
    `"${text}" must name an image by its digest, such as HOST/PROJECT/records/api@sha256:…`,
  );
}

/**
 * Throws UserError unless GitHub holds both signed statements of the image, made by the deploy workflow from the main
 * branch of `repository` (OWNER/NAME). https://cli.github.com/manual/gh_attestation_verify
 */
export async function verifyProvenance(image: string, repository: string, gh = 'gh'): Promise<void> {
  if (repository === NOBODY) {
    process.stderr.write('not verified: the plan of this repository at GitHub signs no images\n');
    return;
  }
  for (const statement of STATEMENTS) {
    await runCommand(
      gh,
      [
        ...['attestation', 'verify', `oci://${image}`, '--repo', repository],
        ...['--predicate-type', statement],
        ...['--signer-workflow', `${repository}/.github/workflows/deploy.yml`],
        ...['--source-ref', 'refs/heads/main'],
        '--deny-self-hosted-runners',
      ],
      INFRA,
    );
  }
}

/**
 * Deploys the stack with an existing image, which gets every request. `pnpm ops rollback` gives them back to the revision
 * that served before. Throws UserError.
 */
export async function promote(stack: string, image: string, pulumi: Pulumi): Promise<void> {
  await pulumi.run(['up', '--stack', stack, '--yes'], variablesFor(image, undefined));
}
