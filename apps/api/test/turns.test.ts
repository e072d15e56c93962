import { describe, expect, it } from '@jest/globals';
import { Turns } from '../src/formats/turns.ts';

describe('turns', () => {
  it('let so many works run at one time, and the next in order when one ends, however it ends', async () => {
    const turns = new Turns(2, 3);
    const started: number[] = [];
    const works = [0, 1, 2, 3, 4].map((n) => {
      const end = Promise.withResolvers<number>();
      const result = turns.take(() => {
        started.push(n);
        return end.promise;
      });
      return { end, result };
    });
    expect(started).toEqual([0, 1]);
    await expect(turns.take(async () => 8)).rejects.toMatchObject({ problem: 'overloaded' });
    works[1]?.end.reject(new Error('no'));
    await expect(works[1]?.result).rejects.toThrow('no');
    expect(started).toEqual([0, 1, 2]);
    for (const { end } of works) end.resolve(0);
    await Promise.allSettled(works.map(({ result }) => result));
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(await turns.take(async () => 7)).toBe(7);
  });
});
