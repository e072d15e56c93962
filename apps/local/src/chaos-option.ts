import type { ChaosOptions } from '@records/local-cloud';
import { UsageError } from './usage-error.ts';

interface Setting {
  readonly option: keyof ChaosOptions;
  readonly effect: string;
  /** Of the values; a probability when absent. */
  readonly rule?: { readonly says: string; holds(value: number): boolean };
}

/** What `--chaos` takes, by name. */
export const CHAOS_SETTINGS: Readonly<Record<string, Setting>> = {
  redeliver: { option: 'redeliver', effect: 'an acknowledgement is lost, and the message comes again' },
  reorder: { option: 'reorder', effect: 'a message comes after those that came with it' },
  delay: { option: 'delay', effect: 'a message comes up to 5 seconds late' },
  'fail-writes': { option: 'failWrites', effect: 'a write to the table fails, or only its answer is lost' },
  'slow-writes': { option: 'slowWrites', effect: 'a write to the table takes up to a second longer' },
  seed: {
    option: 'seed',
    effect: 'an integer, 0 by default: the same seed, the same luck',
    rule: {
      says: 'an integer from 0 to 4294967295',
      holds: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    },
  },
};

const PROBABILITY = { says: 'a probability from 0 to 1', holds: (value: number) => value >= 0 && value <= 1 };

/** Reads `redeliver=0.05,seed=7`. Throws UsageError, with every mistake in one message. */
export function readChaos(text: string): ChaosOptions {
  const mistakes: string[] = [];
  const options: Partial<Record<keyof ChaosOptions, number>> = {};
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.split('=');
    const setting = Object.hasOwn(CHAOS_SETTINGS, name) ? CHAOS_SETTINGS[name] : undefined;
    if (setting === undefined) {
      mistakes.push(`--chaos knows no "${name}": it takes ${Object.keys(CHAOS_SETTINGS).join(', ')}`);
      continue;
    }
    const { says, holds } = setting.rule ?? PROBABILITY;
    const isNumber = /^\d+(\.\d+)?$/.test(value) && rest.length === 0;
    if (!isNumber || !holds(Number(value)))
      mistakes.push(`--chaos ${part}: ${name} must be ${says}, as in ${name}=${setting.rule ? 7 : 0.05}`);
    else if (options[setting.option] !== undefined) mistakes.push(`--chaos has ${name} twice`);
    else options[setting.option] = Number(value);
  }
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return options;
}
