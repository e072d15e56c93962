/** The message of an error. Not by `instanceof`: Node's errors may come from another realm, as under Jest. */
export function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
