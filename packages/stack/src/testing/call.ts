import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The flags of a program, recorded from the program itself or from its reference. */
interface Recorded {
  readonly everywhere: Kinds;
  readonly commands: Readonly<Record<string, Kinds>>;
}
interface Kinds {
  readonly bool?: string;
  readonly value?: string;
}

/** A command line that the program knows. */
export interface Call {
  /** Such as `projects create`. */
  readonly command: string;
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

/** What the program refuses to do, with its exit code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

const RECORDED = JSON.parse(readFileSync(join(import.meta.dirname, 'flags.json'), 'utf8')) as Readonly<
  Record<string, Recorded>
>;

/** Reads a command line as the program does. Throws Refusal for an unknown command or flag, and for a flag without value. */
export function readCall(program: string, args: readonly string[]): Call {
  const recorded = RECORDED[program];
  if (!recorded) throw new Error(`no flags of ${program} are recorded`);
  const { everywhere, commands } = recorded;
  const words = [...args];
  // The longest known command; flags may come before it.
  const lead: string[] = [];
  while (words[0]?.startsWith('-') && wordsOf(everywhere.value).includes(words[0].split('=')[0] ?? '')) {
    const flag = words.shift() ?? '';
    lead.push(flag, ...(flag.includes('=') ? [] : words.splice(0, 1)));
  }
  const end = words.findIndex((word) => word.startsWith('-'));
  const leading = words.slice(0, end < 0 ? undefined : end);
  const length = [...leading.keys(), leading.length]
    .reverse()
    .find((count) => leading.slice(0, count).join(' ') in commands);
  if (length === undefined) throw new Refusal(`${program}: unknown command: ${leading.join(' ')}`, 2);
  const command = leading.slice(0, length).join(' ');
  const own = commands[command] ?? {};
  const bools = [...wordsOf(own.bool), ...wordsOf(everywhere.bool)];
  const values = [...wordsOf(own.value), ...wordsOf(everywhere.value)];
  const positionals: string[] = [];
  const flags: Record<string, string[]> = {};
  const rest = [...lead, ...words.slice(length)];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word);
      continue;
    }
    const [flag = '', ...value] = word.split('=');
    const given = flags[flag] ?? [];
    if (bools.includes(flag)) flags[flag] = [...given, value.join('=') || 'true'];
    else if (values.includes(flag)) {
      const next = value.length > 0 ? value.join('=') : rest.shift();
      if (next === undefined) throw new Refusal(`${program} ${command}: ${flag} needs a value`, 2);
      flags[flag] = [...given, next];
    } else throw new Refusal(`${program} ${command}: unrecognized arguments: ${flag}`, 2);
  }
  return { command, positionals, flags };
}

function wordsOf(text = ''): string[] {
  return text.split(' ').filter(Boolean);
}
