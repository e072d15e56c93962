import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { act, type Ended, type Program } from './stand-in.ts';
import { emptyWorld, type World } from './world.ts';

export { readCall } from './call.ts';
export { copyRepository } from './copy-repository.ts';
export { emptyProject, emptyWorld, type Repository, type World } from './world.ts';

/** A folder for the PATH, with programs that stand in for gcloud, gh, Docker and Pulumi. Dispose of it. */
export class StandIns implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'stand-ins-'));

  constructor(programs: readonly Program[], world: World = emptyWorld()) {
    this.world = world;
    const module = JSON.stringify(join(import.meta.dirname, 'stand-in.ts'));
    for (const program of programs) {
      this.program(
        program,
        `#!${process.execPath}\nimport(${module}).then(({ standIn }) => standIn('${program}', ${JSON.stringify(this.folder)}));\n`,
      );
    }
  }

  get world(): World {
    return JSON.parse(readFileSync(join(this.folder, 'world.json'), 'utf8')) as World;
  }

  set world(world: World) {
    writeFileSync(join(this.folder, 'world.json'), JSON.stringify(world));
  }

  /** The calls of all programs, in order, each with the program first. */
  get calls(): string[][] {
    const file = join(this.folder, 'calls');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  }

  /** The same program in this process, which costs a test far less than one of its own. */
  run(program: Program, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Ended {
    return act(program, args, this.folder, environment);
  }

  /** Adds a program of its own. */
  program(name: string, script: string): void {
    writeFileSync(join(this.folder, name), script);
    chmodSync(join(this.folder, name), 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
