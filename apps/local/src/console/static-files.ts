import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const PAGE = join(import.meta.dirname, 'page');

/** Node finds lit-html's build for servers; the one for browsers lies beside it. */
const LIT_HTML = join(dirname(createRequire(import.meta.url).resolve('lit-html')), '..');

/** The folders that are served, by the start of their addresses. No address leaves its folder. */
const FOLDERS = [
  { pattern: /^\/page\/((?:[a-z-]+\/)?[a-z-]+\.(ts|css|svg))$/, folder: PAGE },
  { pattern: /^\/lit-html\/((?:directives\/)?[a-z-]+\.(js))$/, folder: LIT_HTML },
];

/** A file of the page; undefined when there is none. Browsers get TypeScript without its types, as Node does. */
export async function assetAt(path: string): Promise<Asset | undefined> {
  for (const { pattern, folder } of FOLDERS) {
    const [, file, extension = ''] = pattern.exec(path) ?? [];
    if (file === undefined) continue;
    const bytes = await readFile(join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (bytes === undefined) return undefined;
    const body = extension === 'ts' ? await stripped(bytes.toString()) : bytes;
    return { type: TYPES[extension] ?? 'application/octet-stream', body };
  }
  return undefined;
}

/** By the package that Node itself uses: Node's own function still warns in the terminal. Loaded with the first page. */
async function stripped(source: string): Promise<string> {
  const { transformSync } = await import('amaro');
  return transformSync(source, { mode: 'strip-only' }).code;
}
