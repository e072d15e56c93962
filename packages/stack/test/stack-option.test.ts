import { describe, expect, it } from '@jest/globals';
import { Command } from '@records/cli';
import { settingsOption, stackNames, stackOption, targetOption } from '@records/stack';

function parse(
  option: ReturnType<typeof stackOption | typeof settingsOption | typeof targetOption>,
  ...args: string[]
): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  return command.addOption(option).parse(args, { from: 'user' }).opts().stack;
}

describe('-s', () => {
  it('accepts the stacks with a settings file, also by a qualified name', () => {
    expect(stackNames()).toEqual(expect.arrayContaining(['dev', 'local', 'prod', 'staging']));
    expect(parse(stackOption(), '-s', 'dev')).toBe('dev');
    expect(parse(stackOption(), '--stack', 'acme/records-platform/prod')).toBe('acme/records-platform/prod');
  });

  it('is required where Pulumi deploys, and is the local stack elsewhere', () => {
    expect(() => parse(stackOption())).toThrow("required option '-s, --stack <name>' not specified");
    expect(parse(targetOption())).toBe('local');
  });

  it.each(['pord', 'acme/records-platform/pord'])('refuses %s with the list and the nearest name', (name) => {
    expect(() => parse(stackOption(), '-s', name)).toThrow(
      `There is no stack "${name}" here: ${stackNames().join(', ')}. Did you mean prod?`,
    );
  });

  it('refuses the local stack where Pulumi deploys, and takes it elsewhere', () => {
    expect(() => parse(stackOption(), '-s', 'local')).toThrow(
      'Stack "local" runs on this machine, by `pnpm dev`. Name one at Google: dev, prod, staging.',
    );
    for (const option of [settingsOption(), targetOption()])
      expect(parse(option, '-s', 'local')).toBe('local');
  });

  it('guesses nothing where no name is near', () => {
    expect(() => parse(stackOption(), '-s', 'customers')).toThrow(/staging\.$/);
  });

  it.each(['', '--help', 'dev; rm', '../dev', 'a/b/c/dev'])(
    'refuses "%s", which cannot name a stack',
    (name) => {
      expect(() => parse(stackOption(), `--stack=${name}`)).toThrow(`There is no stack "${name}" here`);
    },
  );
});
