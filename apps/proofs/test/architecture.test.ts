import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';

/** The packages of this repository that each package may import. docs/architecture.md draws the same arrows. */
const ARROWS: Record<string, readonly string[]> = {
  '@records/records-schema': [],
  '@records/cli': [],
  '@records/stack': ['@records/cli', '@records/telemetry'],
  '@records/api-keys': [],
  '@records/local-cloud': [],
  '@records/monitoring': [],
  '@records/runtime': ['@records/records-schema'],
  '@records/telemetry': [],
  // Its image holds the program of the prober, which no file of it imports.
  '@records/api': [
    '@records/api-keys',
    '@records/prober',
    '@records/records-schema',
    '@records/runtime',
    '@records/telemetry',
  ],
  '@records/seeder': ['@records/cli', '@records/records-schema', '@records/stack', '@records/telemetry'],
  '@records/operator': [
    '@records/api',
    '@records/api-keys',
    '@records/cli',
    '@records/infra',
    '@records/monitoring',
    '@records/prober',
    '@records/records-schema',
    '@records/stack',
  ],
  '@records/delivery': ['@records/cli', '@records/infra', '@records/stack'],
  // The program imports the first two; its plans are made by the local cloud.
  '@records/infra': [
    '@records/monitoring',
    '@records/records-schema',
    '@records/local-cloud',
    '@records/stack',
  ],
  '@records/local': [
    '@records/api',
    '@records/api-keys',
    '@records/cli',
    '@records/infra',
    '@records/local-cloud',
    '@records/prober',
    '@records/records-schema',
    '@records/seeder',
    '@records/stack',
  ],
  '@records/prober': [
    '@records/cli',
    '@records/records-schema',
    '@records/runtime',
    '@records/stack',
    '@records/telemetry',
  ],
  // Its tests hold documents to the code.
  '@records/docs': [],
  // It may use every other package, and none may use it.
  '@records/proofs': [
    '@records/api',
    '@records/cli',
    '@records/infra',
    '@records/local',
    '@records/local-cloud',
    '@records/monitoring',
    '@records/operator',
    '@records/prober',
    '@records/records-schema',
    '@records/runtime',
    '@records/seeder',
    '@records/stack',
  ],
};

/** Packages that every test may import. */
const TEST_ARROWS = [
  '@records/local-cloud',
  '@records/monitoring',
  '@records/records-schema',
  '@records/stack',
];

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const manifests = globSync(['{packages,apps}/*/package.json', '{docs,infra}/package.json'], {
  cwd: REPOSITORY,
}).map((file) => ({
  folder: dirname(file).replaceAll('\\', '/'),
  ...(JSON.parse(readFileSync(join(REPOSITORY, file), 'utf8')) as Manifest),
}));

describe('the arrows between packages', () => {
  it('are listed for every package', () => {
    expect(manifests.map(({ name }) => name).sort()).toEqual(Object.keys(ARROWS).sort());
  });

  for (const { name, dependencies, devDependencies } of manifests) {
    it(`of ${name} point down`, () => {
      expect(ours(dependencies).filter((other) => !ARROWS[name]?.includes(other))).toEqual([]);
      expect(ours(devDependencies).filter((other) => !TEST_ARROWS.includes(other))).toEqual([]);
    });
  }
});

describe('a file', () => {
  it('imports by relative path only within its package', () => {
    const escapes = imports()
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ room, file, specifier }) => relative(room, join(dirname(file), specifier)).startsWith('..'))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    expect(escapes).toEqual([]);
  });

  it('imports only packages that the arrows allow', () => {
    const upward = imports()
      .filter(({ specifier }) => specifier.startsWith('@records/'))
      .map((found) => ({ ...found, target: found.specifier.split('/').slice(0, 2).join('/') }))
      .filter(({ target, name, isTest }) => target !== name && !allowed(name, isTest).includes(target))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    expect(upward).toEqual([]);
  });
});

interface Import {
  /** The file and its package's folder, relative to the repository. */
  readonly file: string;
  readonly room: string;
  readonly name: string;
  readonly isTest: boolean;
  readonly specifier: string;
}

/** Every import of every TypeScript file of the repository. A file outside all packages may import none of them. */
function imports(): Import[] {
  const files = globSync('**/*.ts', {
    cwd: REPOSITORY,
    exclude: (path) => /(^|\/)(node_modules|dist)$|^\./.test(path),
  });
  return files.flatMap((path) => {
    const file = path.replaceAll('\\', '/');
    const room = manifests
      .filter(({ folder }) => file.startsWith(`${folder}/`))
      .sort((a, b) => b.folder.length - a.folder.length)[0];
    const { folder = '', name = '' } = room ?? {};
    const isTest = /^\/?test\//.test(file.slice(folder.length));
    return importsOf(readFileSync(join(REPOSITORY, file), 'utf8')).map((specifier) => ({
      ...{ file, room: folder, name, isTest, specifier },
    }));
  });
}

function allowed(name: string, isTest: boolean): readonly string[] {
  return [...(ARROWS[name] ?? []), ...(isTest ? TEST_ARROWS : [])];
}

function ours(dependencies: Record<string, string> = {}): string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith('@records/'));
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}
