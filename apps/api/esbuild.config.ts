import { readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

// Writes all that the image needs beside Node into one folder: `dist`, or the one named on the command line. Each program is a
// bundle of its own, so that the API's is no larger for the prober.
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const out = resolve(process.argv[2] ?? here('dist'));

const PROGRAMS = {
  'main.js': 'src/main.ts',
  'probe.js': 'src/probe/main.ts',
  'compile.js': 'src/compile/main.ts',
};

/**
 * Parts of Node as they are, not as modules: to be one, each is asked for all that it exports, and `node:http` loads a client of
 * WebSockets to answer (decision 0007).
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

await build({
  plugins: [builtins],
  entryPoints: Object.entries(PROGRAMS).map(([name, source]) => ({
    in: here(source),
    out: name.replace(/\.js$/, ''),
  })),
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Not minified: a stack trace in the logs must say something, and the start does not get faster.
  legalComments: 'external',
  logLevel: 'warning',
  // The Google client, Fastify and pino are CommonJS and call `require` for parts of Node.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
// Read as a module without being parsed twice, wherever the folder is copied to.
await writeFile(join(out, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
for (const file of (await readdir(out)).filter((name) => /\.(js|LEGAL\.txt)$/.test(name)).sort()) {
  const { size } = await stat(join(out, file));
  console.log(`${file}  ${(size / 1e6).toFixed(2)} MB`);
}
