import { describe, expect, it } from '@jest/globals';
import { Bulkhead } from '../src/bulkhead.ts';

describe('a bulkhead', () => {
  it('runs a bounded number of tasks, and starts the next in order when one ends or fails', async () => {
    const full = new Error('full');
    const bulkhead = new Bulkhead({ slots: 2, maxWaiting: 3, refusal: () => full });
    const started: number[] = [];
    const tasks = [0, 1, 2, 3, 4].map((n) => {
      const end = Promise.withResolvers<number>();
      const result = bulkhead.run(() => {
        started.push(n);
        return end.promise;
      });
      return { end, result };
    });
    expect(started).toEqual([0, 1]);
    await expect(bulkhead.run(async () => 8)).rejects.toBe(full);
    tasks[1]?.end.reject(new Error('no'));
    await expect(tasks[1]?.result).rejects.toThrow('no');
    expect(started).toEqual([0, 1, 2]);
    for (const { end } of tasks) end.resolve(0);
    await Promise.allSettled(tasks.map(({ result }) => result));
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(await bulkhead.run(async () => 7)).toBe(7);
  });
});
