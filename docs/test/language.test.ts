import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';

const read = (file: string): string => readFileSync(join(REPOSITORY, file), 'utf8');

/** As `wc -w` counts them. */
const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;

describe.each(['README', 'docs/analytics', 'docs/privacy'])('%s.es.md', (document) => {
  const [english, spanish] = ['.md', '.es.md'].map((language) => shapeOf(read(`${document}${language}`)));

  it.each([
    ['levels of headings', 'headings'],
    ['blocks of code', 'code'],
    ['code within sentences', 'words'],
    ['targets of links', 'links'],
    ['rows and columns of tables', 'tables'],
    ['points of lists', 'points'],
  ] as const)('has the %s of the English document', (_, part) => {
    expect(spanish?.[part]).toEqual(english?.[part]);
  });

  it('and the English document link to each other', () => {
    expect(read(`${document}.md`)).toContain(`[Español](${basename(document)}.es.md)`);
    expect(read(`${document}.es.md`)).toContain(`[English](${basename(document)}.md)`);
  });
});

describe('the documents are short', () => {
  it('README.md has at most 1,000 words', () => {
    expect(words(read('README.md'))).toBeLessThanOrEqual(1_000);
  });

  it('docs has at most 23,500 English words', () => {
    const files = globSync('docs/**/*.md', { cwd: REPOSITORY, exclude: ['**/*.es.md'] });
    const total = files.reduce((sum, file) => sum + words(read(file)), 0);
    expect(total).toBeLessThanOrEqual(23_500);
  });

  it('docs/decisions has at most 25 files', () => {
    expect(globSync('docs/decisions/*', { cwd: REPOSITORY }).length).toBeLessThanOrEqual(25);
  });
});

it.each(globSync('docs/decisions/0*.md', { cwd: REPOSITORY }))(
  '%s gives its number, status, date, context, decision and consequences',
  (file) => {
    const number = file.replace(/^.*\/(\d{4})-.*$/, '$1');
    expect(read(file)).toMatch(
      new RegExp(
        `^# ${number}: .+\\n\\n(Accepted|Replaced by \\d{4}), \\d{4}-\\d\\d-\\d\\d\\..*\\n\\n## Context\\n[\\s\\S]*\\n## Decision\\n[\\s\\S]*\\n## Consequences\\n`,
      ),
    );
  },
);

it('no text says "cannot" in two words', () => {
  const files = globSync(
    ['*.{json,md,yaml}', '{.github,apps,docs,infra,packages,scripts}/**/*.{ts,js,json,md,txt,yaml,yml}'],
    {
      cwd: REPOSITORY,
      exclude: (path) => /(^|\/)(node_modules|dist|\.[a-z]+)$/.test(path) && !path.endsWith('.github'),
    },
  );
  expect(files.filter((file) => /\bcan\s+not\b/i.test(read(file)))).toEqual([]);
});

/** The parts of a document that must be equal in both languages. */
function shapeOf(text: string) {
  const code = [...text.matchAll(/^```[\s\S]*?^```$/gm)].map(([block]) => block);
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const lines = prose.split('\n');
  return {
    code,
    headings: lines.flatMap((line) => /^#+(?= )/.exec(line)?.[0] ?? []),
    words: [...prose.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)]
      // To a document in the reader's language, where there is one.
      .map(([, target = '']) => target.replace('.es.md', '.md')),
    tables: lines.flatMap((line) => (line.startsWith('|') ? [line.split('|').length] : [])),
    points: lines.filter((line) => line.startsWith('* ')).length,
  };
}
