/** Seeds a local stack, and answers how many records per second became visible: node seed-process.ts STACK_FILE. */
import { findTarget, problemsOf, seedRecords } from '@records/seeder';
import { answer } from './asked-process.ts';

const target = await findTarget({ stackFile: process.argv[2] });
let runs = 0;
answer(async (count) => {
  runs += 1;
  const result = await seedRecords({ target, count, seed: runs });
  const [problem] = problemsOf(result);
  if (problem !== undefined || result.visibleSeconds === undefined) throw new Error(problem);
  return count / result.visibleSeconds;
});
