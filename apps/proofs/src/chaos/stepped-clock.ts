/**
 * Loaded into a process by `--import`. Moves its wall clock, and not its monotonic one, by the milliseconds in a file, the
 * parameter `file` of this module's URL. It reads the file at the start and at each SIGUSR2, and then writes the step to FILE.PID.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const RealDate = Date;
const realNow = Date.now;
let stepMs = 0;

const now = (): number => realNow() + stepMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

function step(): void {
  stepMs = Number(readFileSync(file, 'utf8'));
  writeFileSync(`${file}.${process.pid}`, String(stepMs));
}

step();
process.on('SIGUSR2', step);
