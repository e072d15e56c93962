import { afterAll, describe, expect, it } from '@jest/globals';
import { Laboratory, missOf } from '../bench/mutants/laboratory.ts';
import { readMutants } from '../bench/mutants/mutant.ts';

const laboratory = new Laboratory();

afterAll(() => laboratory[Symbol.dispose]());

describe('the suite notices when', () => {
  for (const mutant of readMutants()) {
    // Together they wait for a copy, so the time of one includes that of those before it.
    it.concurrent(
      `${mutant.breaks} (${mutant.name})`,
      async () => expect(missOf(mutant, await laboratory.try(mutant))).toBeUndefined(),
      1_200_000,
    );
  }
});
