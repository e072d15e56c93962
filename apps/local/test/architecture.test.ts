import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '../src/paths.ts';

/** What each package may import of ours. docs/architecture.md draws the same arrows. */
const ARROWS: Record<string, readonly string[]> = {
  '@records/records-schema': [],
  '@records/api-keys': [],
  '@records/cli': [],
  '@records/local-cloud': [],
  '@records/monitoring': [],
  '@records/telemetry': [],
  '@records/stack': ['@records/cli'],
  '@records/api': ['@records/api-keys', '@records/records-schema', '@records/telemetry'],
  '@records/seeder': ['@records/cli', '@records/records-schema', '@records/stack', '@records/telemetry'],
  '@records/operator': [
    '@records/api-keys',
    '@records/cli',
    '@records/infra',
    '@records/monitoring',
    '@records/records-schema',
    '@records/stack',
    '@records/telemetry',
  ],
  '@records/delivery': [
    '@records/api',
    '@records/cli',
    '@records/infra',
    '@records/local',
    '@records/operator',
    '@records/records-schema',
    '@records/stack',
  ],
  '@records/infra': ['@records/monitoring', '@records/records-schema'],
  '@records/policies': [],
  '@records/local': [
    '@records/api',
    '@records/api-keys',
    '@records/infra',
    '@records/local-cloud',
    '@records/monitoring',
    '@records/operator',
    '@records/seeder',
    '@records/stack',
  ],
};

/** Tests may also import the local cloud, the record, the rules of alerts, and what a stack is. */
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
  it('are known for every package', () => {
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
      globSync('{src,test}/**/*.ts', { cwd: join(REPOSITORY, folder) }).flatMap((file) =>
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

function ours(dependencies: Record<string, string> = {}): string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith('@records/'));
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}
