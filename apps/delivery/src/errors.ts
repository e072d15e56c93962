/** A step of the delivery can not do what it was asked for; the message says why and what to do. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
}

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
    if (!(error instanceof DeliveryError)) throw error;
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
