const STACKS = ['dev', 'staging', 'prod'] as const;

/**
 * A sentence for each stack that is not deployed from here: STATE_URL_DEV, … name no state, or SIGNED_BY says that GitHub's
 * plan signs nothing and asks nobody. Empty when there is none.
 */
export function missingStacks(environment: Readonly<Record<string, string | undefined>>): string {
  const variable = (stack: string) => `STATE_URL_${stack.toUpperCase()}`;
  const missing = STACKS.filter((stack) => !environment[variable(stack)]);
  const unasked =
    environment.SIGNED_BY === 'nobody'
      ? 'The repository is private and its variable ENTERPRISE is not true: images are not signed, and prod is deployed by hand. See .github/workflows/README.md\n\n'
      : '';
  return missing
    .map((stack) => {
      const waits =
        stack === 'staging' && !missing.includes('prod') ? ', and nothing reaches prod without it' : '';
      return `${stack} is not set up and is left out: the variable ${variable(stack)} of the repository is empty${waits}. See .github/workflows/README.md\n\n`;
    })
    .concat(unasked)
    .join('');
}
