import type { Pulumi } from '@records/stack';

/**
 * Stands in for Pulumi: keeps settings as `pulumi config` does and updates as `pulumi stack history` does, and notes the
 * arguments of each `up`. Tests run the program itself to see what it makes of the settings.
 */
export class SettingsOnly implements Pulumi {
  readonly settings: Record<string, string> = {};
  readonly ups: string[][] = [];
  readonly history: object[] = [];
  newestRevision: string | undefined = 'records-api-00001-abc';
  canaryUrl: string | undefined;

  async run([command, ...args]: readonly string[]): Promise<void> {
    if (command === 'up') {
      this.ups.push(args);
      this.history.unshift({ kind: 'update', result: 'succeeded', config: this.#config() });
      return;
    }
    if (args[0] === 'set') {
      const [key = '', value = ''] = args.slice(-2);
      this.settings[key] = value;
    }
    for (const pair of args.filter((arg) => arg.includes('='))) {
      const at = pair.indexOf('=');
      this.settings[pair.slice(0, at)] = pair.slice(at + 1);
    }
  }

  async ask([command, ...args]: readonly string[]): Promise<unknown> {
    if (command !== 'stack') return this.#config();
    if (args[0] === 'output') return { revision: this.newestRevision, canaryUrl: this.canaryUrl };
    const [size = 10, page = 1] = ['--page-size', '--page'].flatMap((name) =>
      args.includes(name) ? [Number(args[args.indexOf(name) + 1])] : [],
    );
    return this.history.slice((page - 1) * size, page * size);
  }

  #config() {
    return Object.fromEntries(
      Object.entries(this.settings).map(([key, value]) => [
        key.includes(':') ? key : `records-platform:${key}`,
        { value, secret: false },
      ]),
    );
  }
}
