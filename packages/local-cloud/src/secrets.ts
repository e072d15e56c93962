import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import type { SecretAdmin } from './pulumi/cloud.ts';
import { isSystemError } from './system-error.ts';

/**
 * Secrets as files: one per secret, with its newest version. Differences from Google: there is no API, a new version
 * replaces the file, and older versions are not kept.
 */
export class Secrets implements SecretAdmin {
  readonly folder: string;
  readonly #isTemporary: boolean;

  /** Without `path`, a temporary folder that `close` deletes. */
  constructor({ path }: { path?: string | undefined } = {}) {
    this.#isTemporary = path === undefined;
    this.folder = path ?? mkdtempSync(join(tmpdir(), 'secrets-'));
  }

  fileOf(secretId: string): string {
    if (/^[A-Za-z0-9_-]{1,255}$/.test(secretId)) return join(this.folder, secretId);
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid secret id "${secretId}": use 1 to 255 letters, digits, - and _.`,
    );
  }

  addVersion(secretId: string, data: string): void {
    writeFileAtomically(this.fileOf(secretId), data);
  }

  has(secretId: string): boolean {
    try {
      readFileSync(this.fileOf(secretId));
      return true;
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return false;
      throw error;
    }
  }

  delete(secretId: string): void {
    rmSync(this.fileOf(secretId), { force: true });
  }

  async close(): Promise<void> {
    if (this.#isTemporary) rmSync(this.folder, { recursive: true, force: true });
  }
}
