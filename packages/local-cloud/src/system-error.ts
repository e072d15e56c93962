/** Whether `error` is one of Node's own with this code, such as ENOENT; also one from another realm, as under Jest. */
export function isSystemError(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
