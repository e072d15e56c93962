/** Whether `error` is a Node error with this code, such as ENOENT. Also works across realms, as under Jest. */
export function isSystemError(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
