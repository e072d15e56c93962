import { UserError } from '@records/cli';

export { UserError as DeliveryError } from '@records/cli';

/** Was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The one place where errors become exit codes: 0 done, 1 not done, 2 called wrongly. */
export async function exitCodeOf(usage: string, act: () => Promise<number>): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    return await act();
  } catch (error) {
    if (isUsage(error)) {
      process.stderr.write(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** Ours, or that of util.parseArgs. */
function isUsage(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'))
  );
}
