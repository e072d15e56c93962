import { Command, type CommandUnknownOpts, type OutputConfiguration } from '@commander-js/extra-typings';
import { CommanderError } from 'commander';
import { asTyped } from './as-typed.ts';
import { reasonOf, UserError } from './user-error.ts';

/** Exit codes of every command: 0 done, 1 not done, 2 called wrongly, 128 and more ended by a signal. */
export const EXIT = { failed: 1, usage: 2 } as const;

const examples = new WeakMap<object, string>();

export interface About {
  /** One line, shown in the list of a group. */
  readonly summary: string;
  /** One command line that works, shown in the list of a group and under the options. */
  readonly example: string;
  /** What the command does, when one line does not say it. */
  readonly description?: string;
  /** Shown under the options: more examples, variables. */
  readonly more?: string;
  /** The last line of the help. */
  readonly exitCodes?: string;
}

/** The command that `pnpm NAME` runs. Give it options and an action, or verbs by `verb`. */
export function program(name: string, about: About) {
  const command = new Command(`pnpm ${name}`)
    .exitOverride()
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .showHelpAfterError('(--help shows all options)')
    .allowExcessArguments(false)
    .hook('preAction', (_, action) => refuseEmptyValues(action))
    .configureHelp({
      // An example says more than the placeholders that Commander shows. The heading has the words before it.
      subcommandTerm: (subcommand) => exampleOf(subcommand).slice(lineOf(subcommand.parent).length + 1),
      visibleCommands: (parent) => [...parent.commands],
    })
    .configureOutput({
      writeOut: (text) => process.stdout.write(asTyped(text)),
      writeErr: (text) => process.stderr.write(asTyped(text)),
    });
  return described(command, about);
}

/** Adds a verb, such as `seed` in `pnpm prove seed`, and answers it. */
export function verb(parent: Command, name: string, about: About) {
  parent.commandsGroup(`Verbs, with an example of each. Type them after \`${lineOf(parent)}\`:`);
  return described(parent.command(name), about);
}

/** `pnpm ops dead-letters` */
function lineOf(command: { name(): string; readonly parent?: unknown } | null): string {
  if (command === null) return '';
  const parent = command.parent as typeof command | null;
  return parent ? `${lineOf(parent)} ${command.name()}` : command.name();
}

function exampleOf(command: object): string {
  return examples.get(command) ?? '';
}

/** An unset shell variable leaves an empty value, which as a filter would match everything. */
function refuseEmptyValues(command: CommandUnknownOpts): void {
  const isEmpty = (value: unknown) => [value].flat().includes('');
  const option = command.options.find((option) => isEmpty(command.getOptionValue(option.attributeName())));
  const argument = command.registeredArguments.find((_, index) => isEmpty(command.processedArgs[index]));
  const name = option ? `option '${option.flags}'` : argument && `argument '${argument.name()}'`;
  if (name)
    command.error(`error: ${name} is empty; give it a value, or check the variable that it comes from`);
}

function described(
  command: Command,
  {
    summary,
    example,
    description = sentenceOf(summary),
    more,
    exitCodes = 'Exit codes: 0 done, 1 not done, 2 wrong options.',
  }: About,
) {
  examples.set(command, example);
  return command
    .summary(summary)
    .description(description)
    .addHelpText('after', () => {
      // A group lists an example for each of its verbs.
      const own = command.commands.length === 0 ? `\nExample:\n  ${example}\n` : '';
      return `${own}${more === undefined ? '' : `\n${more.trim()}\n`}\n${exitCodes}\n`;
    });
}

function sentenceOf(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

/** A program, whatever its options are. */
export interface Program {
  parseAsync(args: readonly string[], from: { from: 'user' }): Promise<unknown>;
  configureOutput(): OutputConfiguration;
}

/** Runs a program with the arguments of this process, and sets its exit code. */
export async function main(command: Program, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.stdout.on('error', endWithoutOutput);
  process.stderr.on('error', endWithoutOutput);
  process.exitCode = (await run(command, args)) ?? process.exitCode;
}

/** Runs a program. Answers the exit code of what it threw, and undefined when its action ended. */
export async function run(command: Program, args: readonly string[]): Promise<number | undefined> {
  try {
    // npm wants `--` before the options of a script, and passes it on.
    await command.parseAsync(args[0] === '--' ? args.slice(1) : args, { from: 'user' });
    return undefined;
  } catch (error) {
    // Commander has printed its own errors, and the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    // An error with a code comes from Node or a Google client. Its message names the file, grant or resource.
    const isExpected = error instanceof UserError || (error instanceof Error && 'code' in error);
    if (!isExpected) throw error;
    command.configureOutput().writeErr?.(textOf(error));
    return EXIT.failed;
  }
}

/** Prints an error for a person, with what to do about it. */
export function printError(error: unknown): void {
  process.stderr.write(asTyped(textOf(error)));
}

function textOf(error: unknown): string {
  const hint = error instanceof UserError && error.hint !== undefined ? `\n       ${error.hint}` : '';
  return `error: ${reasonOf(error)}${hint}\n`;
}

/** Ends quietly, with 0, when the reader of a pipe has seen enough, as `head` does. Any other error loses the result. */
function endWithoutOutput(error: Error & { readonly code?: string }): void {
  if (error.code === 'EPIPE') process.exit();
  // Standard error itself may be what fails.
  process.stderr.off('error', endWithoutOutput).on('error', () => process.exit(EXIT.failed));
  process.stderr.write(`error: the output cannot be written: ${error.message}\n`, () =>
    process.exit(EXIT.failed),
  );
}
