import { readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

// Bundles the programs of the image into one folder: `dist`, or the one named on the command line. Each is a bundle of its own, so
// that the prober does not enlarge the API.
const out = resolve(process.argv[2] ?? join(import.meta.dirname, 'dist'));

const PROGRAMS = {
  'main.js': './src/main.ts',
  'probe.js': '@records/prober/main',
  'sweep.js': './src/sweep/main.ts',
  'compile.js': './src/compile/main.ts',
};

/**
 * Gets Node's modules from `getBuiltinModule`: an ES import reads all exports of a module, and `node:http` loads a WebSocket client
 * to list them (decision 0007).
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
    in: fileURLToPath(import.meta.resolve(source)),
    out: name.replace(/\.js$/, ''),
  })),
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Not minified: stack traces stay readable, and the start is as fast.
  legalComments: 'external',
  logLevel: 'warning',
  // Google's authentication, Fastify and pino are CommonJS and `require` Node's modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
// Lets Node parse the files as ES modules without detection.
await writeFile(join(out, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
for (const file of (await readdir(out)).filter((name) => /\.(js|LEGAL\.txt)$/.test(name)).sort()) {
  const { size } = await stat(join(out, file));
  console.log(`${file}  ${(size / 1e6).toFixed(2)} MB`);
}
