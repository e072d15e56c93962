import { describe, expect, it, jest } from '@jest/globals';
import { KINDS, RIGHT, type Sample, WAYS } from '../src/bench/soak/readers.ts';
import { benchSoak } from '../src/bench/soak/soak.ts';
import { brokenBy, type Minute } from '../src/bench/soak/verdict.ts';

/** A minute in which the API is twice as fast as the naive way. */
function goodMinute(): { samples: Sample[] } {
  const samples = KINDS.flatMap((kind) =>
    WAYS.map((way) => ({ way, kind, status: RIGHT[kind], ms: way === 'ours' ? 100 : 200 })),
  );
  return { samples };
}

const MEMORY = [{ name: 'API', mb: 1_000 }];

/** The sentences about a soak whose nth minute has one more sample. */
function brokenWith(sample: Partial<Sample>, n: number): string[] {
  const minutes: Minute[] = [goodMinute(), goodMinute(), goodMinute()];
  const more: Sample = { way: 'ours', kind: 'page', status: '200', ms: 100, ...sample };
  minutes[n] = { samples: [...Array.from({ length: 200 }, () => more), ...goodMinute().samples] };
  return brokenBy(minutes, MEMORY);
}

describe('the verdict on a soak', () => {
  it('accepts an API that is faster than the naive way, in every minute', () => {
    expect(brokenBy([goodMinute(), goodMinute()], MEMORY)).toEqual([]);
  });

  it('names each wrong answer of the API, and none of the naive way', () => {
    expect(brokenWith({ status: '503' }, 1)).toEqual(['200 answers of the API are wrong: page 503']);
    expect(brokenWith({ kind: 'known id', status: '404' }, 1)).toEqual([
      '200 answers of the API are wrong: known id 404',
    ]);
    expect(brokenWith({ way: 'naive', status: '500', ms: 200 }, 1)).toEqual([]);
  });

  it('holds pages and ids to 250 ms and the rest to 1 s, in the first minute as in the last', () => {
    expect(brokenWith({ ms: 250 }, 0)).toContain(
      'page: p99 250 ms in the first minute; less than 250 ms is promised',
    );
    expect(brokenWith({ kind: 'unknown id', ms: 250 }, 2)).toContain(
      'unknown id: p99 250 ms in the last minute; less than 250 ms is promised',
    );
    const minuteOf = (sentence: string) => / in the \w+ minute/.test(sentence);
    expect(brokenWith({ kind: 'countries', ms: 999 }, 2).filter(minuteOf)).toEqual([]);
    expect(brokenWith({ kind: 'pais', ms: 1_000 }, 2).filter(minuteOf)).toHaveLength(1);
  });

  it('compares both percentiles of each kind with the naive way', () => {
    expect(brokenWith({ kind: 'nombre', ms: 200 }, 1)).toEqual([
      'nombre: p50 200.0 ms; the naive way has 200.0 ms',
      'nombre: p99 200.0 ms; the naive way has 200.0 ms',
    ]);
  });

  it('holds each process to 1 GiB', () => {
    expect(brokenBy([goodMinute()], [{ name: 'stack', mb: 1_074 }])).toEqual([
      'stack took 1074 MB of memory; less than 1 GiB is promised',
    ]);
  });

  it('notices a kind that got no answer', () => {
    const samples = goodMinute().samples.filter(({ kind }) => kind !== 'countries');
    expect(brokenBy([{ samples }], MEMORY)).toContain('ours, countries: no request was answered');
  });
});

describe('a soak', () => {
  it('asks both ways for every kind while records arrive, and stores what it published', async () => {
    jest.spyOn(console, 'log').mockReturnValue();
    const broken = await benchSoak(2, 200, 3_000);
    expect(broken.filter((sentence) => /wrong|no request|acknowledged|ended/.test(sentence))).toEqual([]);
  });
});
