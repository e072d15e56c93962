import type { PulumiCli } from '../../tools/pulumi-cli.ts';

/**
 * Keeps a stack's settings as `pulumi config` does, and answers what `up` was asked for. The commands themselves are
 * Pulumi's; what the program makes of the settings is asked of the program.
 */
export class SettingsOnly implements PulumiCli {
  readonly settings: Record<string, string> = {};
  readonly ups: string[][] = [];
  newestRevision: string | undefined = 'records-api-00001-abc';

  async run([command, ...args]: readonly string[]): Promise<void> {
    if (command === 'up') {
      this.ups.push(args);
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

  async ask([command]: readonly string[]): Promise<unknown> {
    if (command === 'stack') return { revision: this.newestRevision };
    return Object.fromEntries(
      Object.entries(this.settings).map(([key, value]) => [
        key.includes(':') ? key : `records-platform:${key}`,
        { value, secret: false },
      ]),
    );
  }
}
