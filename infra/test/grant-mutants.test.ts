import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const INFRA = join(import.meta.dirname, '..');
const patches = globSync('mutants/*.patch', { cwd: INFRA }).map((file) =>
  readFileSync(join(INFRA, file), 'utf8'),
);

/** How the program writes the API's own role, whose name has the project. */
const CUSTOM_ROLE = 'listWriter.name';

/** The grants of a stack, as `name: role`. */
function grantsOf(stack: string): Map<string, string> {
  const plan = readFileSync(join(INFRA, 'plans', `${stack}.txt`), 'utf8');
  const resources = plan
    .slice(0, plan.indexOf('\nWho may do what'))
    .split(/^ *(?=[a-z0-9]+\.[A-Z]\w+ \S+$)/m);
  return new Map(
    resources.flatMap((text) => {
      const [, name = ''] = /^\S+ (\S+)/.exec(text) ?? [];
      const [, role] = /^ +role: (\S+)$/m.exec(text) ?? [];
      return role === undefined || !/^ +member: /m.test(text) ? [] : [[name, role] as const];
    }),
  );
}

function linesOf(patch: string, sign: '-' | '+'): string {
  return patch
    .split('\n')
    .filter((line) => line.startsWith(sign))
    .join('\n');
}

/** Every grant of production, and those of a publisher and of an analyst, which only the local stack has. */
function grants(): Map<string, string> {
  const people = [...grantsOf('local')].filter(([name]) => /^records-(publisher|analytics)-/.test(name));
  expect(people).toHaveLength(3);
  return new Map([...grantsOf('prod'), ...people]);
}

it('each grant of production, of publishers and of analysts has a mutant that removes it and one that makes it an editor', () => {
  const held = grants();
  expect(held.size).toBeGreaterThan(6);
  const missing = [...held].flatMap(([name, role]) => {
    const of = (header: string) => patches.filter((patch) => patch.includes(`\n# ${header}: ${name}\n`));
    // The mutant of the invoker shortens a list; the others delete the lines of their grants.
    const written = role.startsWith('roles/') ? `'${role}'` : CUSTOM_ROLE;
    const isGone = (patch: string) =>
      linesOf(patch, '-').includes(written) || linesOf(patch, '+').includes('.slice(1)');
    const isWider = (patch: string) =>
      linesOf(patch, '-').includes(written) && linesOf(patch, '+').includes("'roles/editor'");
    return [
      ...(of('removes').some(isGone) ? [] : [`no mutant removes ${name}`]),
      ...(of('widens').some(isWider) ? [] : [`no mutant widens ${name}`]),
    ];
  });
  expect(missing).toEqual([]);
  const names = patches.flatMap((patch) => [...patch.matchAll(/^# (?:removes|widens): (.+)$/gm)]);
  expect(names.map(([, name = '']) => name).filter((name) => !held.has(name))).toEqual([]);
});
