import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { INFRA } from '@records/stack';

/** A copy of infra/ that a test may edit. */
export class InfraCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'infra-'));

  constructor() {
    const filter = (path: string) => basename(path) !== 'node_modules';
    cpSync(INFRA, this.folder, { recursive: true, filter });
    symlinkSync(join(INFRA, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Replaces a text of a file. Throws when the file does not have it. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(path, text.replace(from, to));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
