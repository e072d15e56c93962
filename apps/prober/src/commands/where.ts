import { InvalidArgumentError, Option } from '@records/cli';
import { stackOption } from '@records/stack';

/** Starts the whole system on this machine. */
export type StartLocal = () => Promise<LocalSystem>;

interface LocalSystem extends AsyncDisposable {
  readonly outputs: { readonly apiUrl: string; readonly topic: string };
  /** The variables that lead Google's clients to the local cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the declared job of the prober. */
  runProbe(): Promise<{ readonly succeeded: boolean; readonly lines: readonly string[] }>;
}

/** `-s`, which excludes the options of another way to say where. */
export function deployedOption(...others: string[]) {
  return stackOption().makeOptionMandatory(false).conflicts(others);
}

export function apiOption() {
  return new Option('--api <url>', 'address of any API').argParser(
    matching(/^https?:\/\/[^\s?#]+$/, 'https://HOST'),
  );
}

export function topicOption() {
  return new Option('--topic <name>', 'its topic: projects/PROJECT/topics/TOPIC').argParser(
    matching(/^projects\/[^/]+\/topics\/[^/]+$/, 'projects/PROJECT/topics/TOPIC'),
  );
}

function matching(pattern: RegExp, form: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`"${text}" must read ${form}`);
  };
}
