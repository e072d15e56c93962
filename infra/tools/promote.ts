import { INFRA } from './examples.ts';
import { recall } from './last-deployment.ts';
import { CommandError, type PulumiCli, runCommand, UNDER_POLICIES } from './pulumi-cli.ts';
import { readCurrent, servingRevision } from './rollout.ts';

const BY_DIGEST = /^[a-z0-9.-]+(:\d+)?\/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$/;

/** Throws CommandError unless the image is named by its digest. */
export function checkDigest(image: string): void {
  if (BY_DIGEST.test(image)) return;
  throw new CommandError(
    `"${image}" is not an image by its digest, such as HOST/PROJECT/records/api@sha256:…; a tag can come to mean another image`,
  );
}

/** What is signed of each image: how it was built, and the npm packages that are bundled into it. */
const STATEMENTS = ['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document/v2.3'];

/**
 * Throws CommandError unless GitHub holds both signed statements of the image, made by that workflow from the main branch
 * of `repository` (OWNER/NAME). https://cli.github.com/manual/gh_attestation_verify
 */
export async function verifyProvenance(image: string, repository: string, gh = 'gh'): Promise<void> {
  checkDigest(image);
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
 * Deploys the stack with an image that exists; all of its requests go there, and `pnpm rollback` gives them back to the
 * revision that served before. All else that the last deployment decided is kept. Throws CommandError.
 */
export async function promote(stack: string, image: string, pulumi: PulumiCli): Promise<void> {
  checkDigest(image);
  await recall(stack, pulumi);
  const current = await readCurrent(stack, pulumi);
  // Deployed once more, the same image must not become its own way back.
  const isSame = image === current.image && current.stableRevision !== '';
  const before = isSame ? current.stableRevision : servingRevision(current);
  const settings = { image, stableRevision: before ?? '', canaryPercent: before ? '100' : '0' };
  const pairs = Object.entries(settings).flatMap(([key, value]) => ['--plaintext', `${key}=${value}`]);
  await pulumi.run(['config', 'set-all', '--stack', stack, ...pairs]);
  await pulumi.run(['up', '--stack', stack, '--yes', ...UNDER_POLICIES]);
}
