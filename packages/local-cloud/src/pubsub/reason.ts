/** What an error says. Not by `instanceof`: errors of Node's own parts may come from another realm, as under Jest. */
export function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
