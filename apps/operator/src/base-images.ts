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

/** Until when a base gets security updates, at the least, and who says so. */
const SUPPORT: Readonly<Record<string, { readonly until: string; readonly source: string }>> = {
  // Three months after Debian 14, which comes two years after Debian 13 (2025-08-09) or a little earlier.
  'gcr.io/distroless/nodejs24-debian13': {
    until: '2027-09-01',
    source: 'https://github.com/GoogleContainerTools/distroless/blob/main/SUPPORT_POLICY.md',
  },
  // The end of Node 24. Debian 13 lasts until 2028-08-09.
  'node:24-trixie-slim': {
    until: '2028-04-30',
    source: 'https://github.com/nodejs/release#release-schedule',
  },
};

const NOTICE_MS = 90 * 24 * 60 * 60 * 1_000;

/** A sentence for each base of a Dockerfile whose support ends within ninety days, or is not known. */
export function supportProblems(dockerfile: string, now: Date): string[] {
  const names = [...dockerfile.matchAll(/^FROM ([^\s@]+)/gm)].map(([, name = '']) =>
    // The tag of a distroless image names its user.
    name.replace(/:nonroot$/, ''),
  );
  return [...new Set(names)].flatMap((name) => {
    const support = SUPPORT[name];
    if (!support) {
      return [`nobody wrote down how long ${name} is supported: add it to SUPPORT in base-images.ts`];
    }
    const { until, source } = support;
    if (now.getTime() < new Date(until).getTime() - NOTICE_MS) return [];
    return [`${name} is supported until ${until} (${source}): take its successor`];
  });
}
