import { InvalidArgumentError } from '@records/cli';
import type { ChaosOptions } from '@records/local-cloud';

interface Setting {
  readonly option: keyof ChaosOptions;
  readonly effect: string;
  /** Which values are allowed; a probability when absent. */
  readonly rule?: { readonly says: string; holds(value: number): boolean };
}

/** The settings of `--chaos`, by name. */
export const CHAOS_SETTINGS: Readonly<Record<string, Setting>> = {
  redeliver: { option: 'redeliver', effect: 'lose an acknowledgement, so the message is delivered again' },
  reorder: { option: 'reorder', effect: 'deliver a message after those published with it' },
  delay: { option: 'delay', effect: 'deliver a message up to 5 seconds late' },
  'fail-writes': { option: 'failWrites', effect: 'fail a write to the table, or lose only its response' },
  'slow-writes': { option: 'slowWrites', effect: 'slow a write to the table down by up to a second' },
  seed: {
    option: 'seed',
    effect: 'an integer, 0 by default; the same seed causes the same faults',
    rule: {
      says: 'an integer from 0 to 4294967295',
      holds: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    },
  },
};

const PROBABILITY = { says: 'a probability from 0 to 1', holds: (value: number) => value >= 0 && value <= 1 };

/** Reads `redeliver=0.05,seed=7`. Throws InvalidArgumentError, which lists every mistake. */
export function readChaos(text: string): ChaosOptions {
  const mistakes: string[] = [];
  const options: Partial<Record<keyof ChaosOptions, number>> = {};
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.split('=');
    const setting = Object.hasOwn(CHAOS_SETTINGS, name) ? CHAOS_SETTINGS[name] : undefined;
    if (setting === undefined) {
      mistakes.push(`unknown setting "${name}"; the settings are ${Object.keys(CHAOS_SETTINGS).join(', ')}`);
      continue;
    }
    const { says, holds } = setting.rule ?? PROBABILITY;
    const isNumber = /^\d+(\.\d+)?$/.test(value) && rest.length === 0;
    if (!isNumber || !holds(Number(value)))
      mistakes.push(`"${part}": ${name} must be ${says}, as in ${name}=${setting.rule ? 7 : 0.05}`);
    else if (options[setting.option] !== undefined) mistakes.push(`${name} is given twice`);
    else options[setting.option] = Number(value);
  }
  if (mistakes.length > 0) throw new InvalidArgumentError(mistakes.join('\n'));
  return options;
}
