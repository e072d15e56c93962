import { readFile, writeFile } from 'node:fs/promises';
import { UserError } from '@records/cli';

export interface BaseImage {
  /** With its tag. */
  readonly name: string;
  /** `sha256:…` */
  readonly digest: string;
}

/** `frozen`: only the Dockerfile's digests; `missing`: write those that it lacks; `renew`: write the tags' present ones. */
export type Pinning = 'frozen' | 'missing' | 'renew';

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** https://docs.docker.com/reference/dockerfile/#from */
const FROM = /^FROM (?<name>[^\s@]+)(?:@(?<pinned>\S+))?(?<stage> AS \S+)?$/;

/**
 * The bases of a Dockerfile with their digests, in order: the image runs on the last one. Asks once per name for a missing
 * digest and writes it into the Dockerfile. Throws UserError, also for a base without a digest when frozen.
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
      throw new UserError(`"${line}" in the Dockerfile must be FROM NAME:TAG@DIGEST, without variables`);
    }
    if (pinned === undefined && pinning === 'frozen') {
      throw new UserError(`the Dockerfile names ${name} without a digest, and its tag can move`, {
        hint: 'run pnpm ops image by hand once, and commit the digest that it writes',
      });
    }
    const told = bases.find((base) => base.name === name)?.digest;
    const digest = pinned === undefined || pinning === 'renew' ? (told ?? (await digestOf(name))) : pinned;
    if (!DIGEST.test(digest)) {
      throw new UserError(`${JSON.stringify(digest)} is not a digest of ${name}: it must be sha256:…`);
    }
    bases.push({ name, digest });
    lines.push(`FROM ${name}@${digest}${stage}`);
  }
  if (bases.length === 0) throw new UserError('the Dockerfile has no FROM line');
  if (lines.join('\n') !== text) await writeFile(dockerfile, lines.join('\n'));
  return bases;
}
