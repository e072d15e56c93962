const VERSIONED_PNPM = 'npx --yes pnpm@12.21.0';
/** `pnpm` before the name of a script, at the start of a word. */
const PNPM = /(?<![\w@/.-])pnpm(?= (?:--silent )?[a-z])/g;

/**
 * Writes each `pnpm …` in a text for a person as that person can type it: somebody who started the command by npx has no
 * pnpm. pnpm names its own file in `npm_execpath`, which lies in npx's cache in that case.
 */
export function asTyped(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  return /[\\/]_npx[\\/]/.test(environment.npm_execpath ?? '') ? text.replace(PNPM, VERSIONED_PNPM) : text;
}
