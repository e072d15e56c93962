import { execFileSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Runs git in a folder and answers what it prints. Throws what execFileSync throws, with git's own words in `stderr`. */
export function git(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: MAX_OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The hash of the commit of that name; undefined when the repository has none. */
export function commitOf(folder: string, name: string): string | undefined {
  try {
    return git(folder, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]).trim();
  } catch (error) {
    // 1 says that there is no such commit; anything else, such as "not a git repository", is another fault.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}
