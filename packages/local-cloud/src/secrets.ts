import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';
import type { SecretAdmin } from './pulumi/cloud.ts';
import { isSystemError } from './system-error.ts';

/**
 * Secrets as files, one per secret, that hold the newest version. A difference: there is no API; whoever adds a version
 * replaces the file, and older versions are not kept.
 */
export class Secrets implements SecretAdmin {
  readonly folder: string;
  readonly #isTemporary: boolean;

  /** Without a path, secrets last as long as the object. */
  constructor({ path }: { path?: string | undefined } = {}) {
    this.#isTemporary = path === undefined;
    this.folder = path ?? mkdtempSync(join(tmpdir(), 'secrets-'));
  }

  fileOf(secretId: string): string {
    if (/^[A-Za-z0-9_-]{1,255}$/.test(secretId)) return join(this.folder, secretId);
    throw new CloudError('INVALID_ARGUMENT', `Secret id "${secretId}" is not valid.`);
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
