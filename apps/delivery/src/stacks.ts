const STACKS = ['dev', 'staging', 'prod'] as const;

/** A sentence for each stack without a state, which STATE_URL_DEV, … name; empty when all have one. */
export function missingStacks(environment: Readonly<Record<string, string | undefined>>): string {
  const variable = (stack: string) => `STATE_URL_${stack.toUpperCase()}`;
  const missing = STACKS.filter((stack) => !environment[variable(stack)]);
  return missing
    .map((stack) => {
      const waits =
        stack === 'staging' && !missing.includes('prod') ? ', and nothing reaches prod without it' : '';
      return `${stack} is not set up and is left out: the variable ${variable(stack)} of the repository is empty${waits}. See .github/workflows/README.md\n\n`;
    })
    .join('');
}
