import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';

/** The packages of this repository that each package may import. docs/architecture.md draws the same arrows. */
const ARROWS: Record<string, readonly string[]> = {
  '@records/records-schema': [],
  '@records/cli': [],
  '@records/stack': ['@records/cli'],
  '@records/api-keys': [],
  '@records/local-cloud': [],
  '@records/monitoring': [],
  '@records/runtime': [],
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
    '@records/api-keys',
    '@records/cli',
    '@records/infra',
    '@records/monitoring',
    '@records/prober',
    '@records/stack',
    '@records/telemetry',
  ],
  '@records/delivery': ['@records/cli', '@records/infra', '@records/stack'],
  '@records/infra': ['@records/monitoring', '@records/records-schema'],
  '@records/policies': [],
  '@records/local': [
    '@records/api',
    '@records/api-keys',
    '@records/cli',
    '@records/infra',
    '@records/local-cloud',
    '@records/prober',
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

const manifests = globSync(
  ['{packages,apps}/*/package.json', 'infra/package.json', 'infra/policies/package.json'],
  { cwd: REPOSITORY },
).map((file) => ({
  folder: dirname(file),
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

describe('files', () => {
  it('import each other by relative path only within their package', () => {
    const escapes = manifests.flatMap(({ folder }) =>
      sourcesOf(folder).flatMap((file) =>
        importsOf(readFileSync(join(REPOSITORY, folder, file), 'utf8'))
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => join(dirname(file), specifier))
          .filter((path) => path.startsWith('..'))
          .map((path) => `${folder}/${file} imports ${path}`),
      ),
    );
    expect(escapes).toEqual([]);
  });
});

function sourcesOf(folder: string): string[] {
  return globSync('**/*.ts', {
    cwd: join(REPOSITORY, folder),
    exclude: (path) => /(^|\/)(node_modules|dist|policies)$/.test(path),
  });
}

function ours(dependencies: Record<string, string> = {}): string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith('@records/'));
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}
