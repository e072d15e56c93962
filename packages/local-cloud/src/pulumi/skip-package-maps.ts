import { createRequire } from 'node:module';

/**
 * Loaded before Pulumi's runtime, which turns on source-map-support: that parses the source map of every file in a
 * stack trace, and Pulumi's SDK takes a trace per resource. Its own maps cost a tenth of every run and say nothing
 * about the program. So installed packages get an empty map; the program's files keep theirs.
 */
const [, runtime = ''] = process.argv;
const EMPTY_MAP = { url: null, map: { version: 3, sources: [], names: [], mappings: '' } };

createRequire(runtime)('source-map-support').install({
  retrieveSourceMap: (path: string) => (/[\\/]node_modules[\\/]/.test(path) ? EMPTY_MAP : null),
});
