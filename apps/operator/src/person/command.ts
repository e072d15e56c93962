import { type Command, InvalidArgumentError, verb } from '@records/cli';
import { stackFileOption, targetOption } from '@records/stack';

const VALUE = /^(?<name>nombre|apellido|pais)=(?<value>.+)$/;

export function addPerson(ops: Command): void {
  const person = verb(ops, 'person', {
    summary: 'show, correct or forget a person',
    description: 'Answers a person who asks what the table has of them, or wants it corrected or deleted.',
    example: 'pnpm ops person show k3v9q2xw-7h2m4c8t',
    more: `Name the person by the id of the record, or by values that match one record: nombre=Ana apellido=Ruiz.
A change is listed first and asks for the name of the stack, unless --yes. Its receipt names nobody.
docs/privacy.md tells what is covered.`,
    exitCodes: 'Exit codes: 0 done, 1 not done or not wholly, 2 wrong options.',
  });
  const add = (name: string, summary: string, example: string) =>
    verb(person, name, { summary, example: `pnpm ops person ${name} ${example}` })
      .addOption(targetOption())
      .addOption(stackFileOption())
      .option('--json', 'print JSON');
  const addChange = (name: string, summary: string, example: string) =>
    add(name, summary, example)
      .option('--dry-run', 'list what would change, and change nothing')
      .option('--yes', 'do not ask for confirmation, as stacks other than the local one do');

  add('show', 'every copy of a record', 'nombre=Ana apellido=Ruiz')
    .argument('<who...>')
    .action(async (who, options) => (await load()).showPerson(who, options));
  addChange('correct', 'change values for all readers', "7351 --set 'apellido=Núñez Ruiz'")
    .argument('<who...>')
    .requiredOption('--set <name=value...>', 'the correct values', correction)
    .action(async (who, options) => (await load()).correctPerson(who, options));
  addChange('forget', 'delete a record, and hide it if it arrives again', '7351 -s prod')
    .argument('<who...>')
    .action(async (who, options) => (await load()).forgetPerson(who, options));
  addChange('sweep', 'delete what arrived again of forgotten people', '-s prod --yes').action(
    async (options) => (await load()).sweep(options),
  );
}

// Google's clients take half a second to load.
const load = () => import('./run.ts');

function correction(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { name, value } = VALUE.exec(text)?.groups ?? {};
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError(`"${text}" must be nombre=VALUE, apellido=VALUE or pais=VALUE`);
  return { ...before, [name]: value };
}
