/** A failure that a person can do something about: `message` names value and rule, `wayOut` says what to do. */
export class SeederError extends Error {
  override readonly name = 'SeederError';
  readonly wayOut: string | undefined;

  constructor(message: string, options: { wayOut?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.wayOut = options.wayOut;
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
