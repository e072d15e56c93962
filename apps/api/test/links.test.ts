import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pageLinks as pageLinksOf } from '../src/routes/links.ts';
import type { PageRange } from '../src/warehouse/warehouse.ts';
import { linksOf } from './support/links.ts';

const pageLinks = (range: PageRange, total: number) => pageLinksOf(range, total, 's');

describe('the Link header', () => {
  it('points to the first, previous, next and last page of the same snapshot, by paths that every resolver understands', () => {
    expect(pageLinks({ limit: 10, offset: 20 }, 45)).toBe(
      '</records?limit=10&offset=0&snapshot=s>; rel="first", </records?limit=10&offset=10&snapshot=s>; rel="prev", </records?limit=10&offset=30&snapshot=s>; rel="next", </records?limit=10&offset=40&snapshot=s>; rel="last"',
    );
  });

  it('has no previous page at the beginning and no next page at the end', () => {
    expect(Object.keys(linksOf(pageLinks({ limit: 10, offset: 0 }, 45)))).toEqual(['first', 'next', 'last']);
    expect(Object.keys(linksOf(pageLinks({ limit: 10, offset: 40 }, 45)))).toEqual(['first', 'prev', 'last']);
    expect(Object.keys(linksOf(pageLinks({ limit: 10, offset: 0 }, 0)))).toEqual(['first', 'last']);
  });

  it('leads back to the last page from past the end', () => {
    for (const offset of [45, 46, 1_009]) {
      const { prev, last } = linksOf(pageLinks({ limit: 10, offset }, 45));
      expect([prev, last]).toEqual(Array(2).fill({ limit: 10, offset: 40, snapshot: 's' }));
    }
  });

  it('visits every row once, forwards by next and backwards by prev, from any page', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer({ min: 1, max: 60 }), fc.nat(350), (total, limit, offset) => {
        const forwards = walk({ limit, offset: 0 }, 'next', total);
        expect(forwards).toEqual(Array.from({ length: total }, (_, row) => row));

        const start = linksOf(pageLinks({ limit, offset }, total)).last ?? { limit, offset };
        const backwards = walk(start, 'prev', total);
        expect(backwards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, row) => row));
      }),
    );
  });
});

function walk(start: { limit: number; offset: number }, relation: 'next' | 'prev', total: number): number[] {
  const rows: number[] = [];
  let range: typeof start | undefined = start;
  while (range) {
    const { limit, offset }: { limit: number; offset: number } = range;
    for (let row = offset; row < Math.min(offset + limit, total); row++) rows.push(row);
    range = linksOf(pageLinks(range, total))[relation];
  }
  return rows;
}
