import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';

const read = (file: string): string => readFileSync(join(REPOSITORY, file), 'utf8');

const { scripts: SCRIPTS } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
/** pnpm's own. */
const PNPM = ['install', 'exec'];
/** By group, as its help shows them. */
const VERBS = Object.fromEntries(
  ['bench', 'delivery', 'ops', 'prove'].map((group) => [
    group,
    new Set([...helpOf(group).matchAll(/^ {2}([a-z][a-z0-9-]*) /gm)].map(([, verb]) => verb)),
  ]),
);

const documents = globSync(['*.md', '{docs,packages,apps,infra,.github}/**/*.md'], {
  cwd: REPOSITORY,
  exclude: (path) => path.includes('node_modules'),
});

describe.each(documents)('%s', (document) => {
  it('links to files that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(REPOSITORY, dirname(document), link)))).toEqual([]);
  });

  it('links to headings that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)];
    const missing = links.filter(([, file = '', anchor = '']) => {
      const target = file === '' ? document : join(dirname(document), file);
      return target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('names scripts and verbs that exist', () => {
    const named = [
      ...read(document).matchAll(/\bpnpm(?:@[\d.]+)? (?!-)([a-z][a-z0-9-]*)(?: ([a-z][a-z0-9-]*))?/g),
    ];
    const strangers = named.filter(
      ([, script = '', verb]) =>
        !(script in SCRIPTS || PNPM.includes(script)) ||
        (script in VERBS && verb !== undefined && !VERBS[script]?.has(verb)),
    );
    expect(strangers.map(([command]) => command)).toEqual([]);
  });

  it('names files of this repository that exist', () => {
    const paths = [...read(document).matchAll(/`((?:packages|apps|infra|docs|scripts)\/[\w./-]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  it('lists the variables of pnpm dev, with their defaults', () => {
    expect(
      rowsOf('`pnpm dev`')
        .slice(0, 4)
        .map(([name, value]) => [name, Number(value)]),
    ).toEqual(
      [...helpOf('dev').matchAll(/default:\s+(\d+),\s+env:\s+(\w+)/g)].map(([, port, name]) => [
        name,
        Number(port),
      ]),
    );
  });

  it('lists the variables that the API reads, which its Cloud Run resource declares, or Cloud Run or the image sets', () => {
    const documented = rowsOf('The API').flatMap(([names]) => names?.split(', ') ?? []);
    const source = read('apps/api/src/config.ts');
    const declaration = source.slice(source.indexOf('const Environment'), source.indexOf('const VARIABLES'));
    const readByApi = [...declaration.matchAll(/^ {2}([A-Z_]+):/gm)].map((match) => match[1]);
    // Node reads it. https://nodejs.org/api/cli.html#node_optionsoptions
    readByApi.push('NODE_OPTIONS');
    expect([...documented].sort()).toEqual([...readByApi].sort());

    const declared = [...read('infra/src/components/records-api.ts').matchAll(/name: '([A-Z_]+)'/g)].map(
      (match) => match[1],
    );
    expect([...declared, 'PORT', 'HOST', 'K_SERVICE', 'K_REVISION'].sort()).toEqual([...readByApi].sort());
  });

  it('lists the variables that the prober reads, which its job declares or Cloud Run sets', () => {
    const documented = rowsOf('The prober').map(([name]) => name);
    const source = read('apps/prober/src/config.ts');
    const declaration = source.slice(source.indexOf('const Environment'), source.indexOf('export interface'));
    const readByProber = [...declaration.matchAll(/^ {2}([A-Z_]+):/gm)].map((match) => match[1]);
    expect([...documented].sort()).toEqual([...readByProber].sort());
  });

  it.each([
    ['A stack', 'infra/Pulumi.yaml'],
    ['A project', 'infra/bootstrap/Pulumi.yaml'],
  ])('lists the settings of: %s', (heading, file) => {
    const documented = rowsOf(heading).map(([name]) => name);
    const declared = [...read(file).matchAll(/^ {2}([\w:]+):$/gm)]
      .map((match) => match[1])
      .filter((key) => key !== 'options');
    expect([...documented].sort()).toEqual(['gcp:project', ...declared].sort());
  });
});

function helpOf(script: string): string {
  const [, ...args] = (SCRIPTS[script] ?? '').split(' ');
  return spawnSync(process.execPath, [...args, '--help'], { cwd: REPOSITORY, encoding: 'utf8' }).stdout;
}

/** The rows of the tables under a heading, without their back-ticks. */
function rowsOf(heading: string): string[][] {
  const text = read('docs/configuration.md');
  const start = text.indexOf(`## ${heading}\n`);
  if (start < 0) throw new Error(`docs/configuration.md has no heading "${heading}"`);
  const end = text.indexOf('\n## ', start);
  return text
    .slice(start, end < 0 ? undefined : end)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
