import { enableCompileCache } from 'node:module';
import type { Program } from './program.ts';

/**
 * Runs a program with the arguments of this process, and sets its exit code. Loads it only here, so that V8 keeps its
 * compiled modules for the next start, which then takes a third of the time.
 */
export async function start(load: () => Promise<Program>, args?: readonly string[]): Promise<void> {
  enableCompileCache();
  const [{ main }, program] = await Promise.all([import('./program.ts'), load()]);
  await main(program, args);
}
