import { readFile, writeFile } from 'node:fs/promises';
import { CommandError } from './pulumi-cli.ts';

/** What an image is built from. */
export interface BaseImage {
  /** With its tag. */
  readonly name: string;
  /** `sha256:…` */
  readonly digest: string;
}

/** `frozen`: only what the Dockerfile has; `missing`: write what it lacks; `renew`: write what the tags have now. */
export type Pinning = 'frozen' | 'missing' | 'renew';

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** https://docs.docker.com/reference/dockerfile/#from */
const FROM = /^FROM (?<name>[^\s@]+)(?:@(?<pinned>\S+))?(?<stage> AS \S+)?$/;

/**
 * The bases that a Dockerfile names, each by its digest, in their order: the last one is what the image runs on. Writes the
 * digests that it had to ask for into the Dockerfile, one for a base that is named twice. Throws CommandError, also for a base without a digest when frozen.
 */
export async function basesOf(
  dockerfile: string,
  pinning: Pinning,
  digestOf: (name: string) => Promise<string>,
): Promise<readonly BaseImage[]> {
  const text = await readFile(dockerfile, 'utf8');
  const bases: BaseImage[] = [];
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (!/^\s*FROM\b/i.test(line)) {
      lines.push(line);
      continue;
    }
    const { name, pinned, stage = '' } = FROM.exec(line)?.groups ?? {};
    if (name === undefined || name.includes('$')) {
      throw new CommandError(`"${line}" in the Dockerfile must be FROM NAME:TAG@DIGEST, without variables`);
    }
    if (pinned === undefined && pinning === 'frozen') {
      throw new CommandError(
        `the Dockerfile names ${name} without a digest, and its tag can move: run pnpm image by hand once, and commit the digest that it writes`,
      );
    }
    const told = bases.find((base) => base.name === name)?.digest;
    const digest = pinned === undefined || pinning === 'renew' ? (told ?? (await digestOf(name))) : pinned;
    if (!DIGEST.test(digest)) {
      throw new CommandError(`${JSON.stringify(digest)} is not a digest of ${name}: it must be sha256:…`);
    }
    bases.push({ name, digest });
    lines.push(`FROM ${name}@${digest}${stage}`);
  }
  if (bases.length === 0) throw new CommandError('the Dockerfile has no line FROM');
  if (lines.join('\n') !== text) await writeFile(dockerfile, lines.join('\n'));
  return bases;
}
