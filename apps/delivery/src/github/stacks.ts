const STACKS = ['dev', 'staging', 'prod'] as const;

/** A word for each stack that GitHub knows no state of, by the variables STATE_URL_DEV and so on; empty when there is none. */
export function missingStacks(environment: Readonly<Record<string, string | undefined>>): string {
  const variable = (stack: string) => `STATE_URL_${stack.toUpperCase()}`;
  const missing = STACKS.filter((stack) => !environment[variable(stack)]);
  return missing
    .map((stack) => {
      const waits =
        stack === 'staging' && !missing.includes('prod') ? ', and nothing reaches prod without it' : '';
      return `${stack} is not set up and is left out, because the variable ${variable(stack)} of the repository is empty${waits}: see .github/workflows/README.md\n\n`;
    })
    .join('');
}
