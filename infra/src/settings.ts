import * as pulumi from '@pulumi/pulumi';
import { PROJECT_ID, REGION } from './names.ts';

/** An IAM member, `PREFIX:NAME`. `allUsers` and deleted members do not match. */
export const MEMBER = /^(serviceAccount|user|group|domain|principal|principalSet):\S+$/;
export const MEMBERS = 'a list of IAM members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com';

/** Reads a stack's settings by their names in Pulumi.yaml, and collects every mistake in them. */
export class Settings {
  readonly #config = new pulumi.Config();
  readonly #stack = pulumi.getStack();
  readonly #mistakes: string[] = [];
  readonly #command: string;

  /** @param pulumiCommand how an operator calls Pulumi for this project */
  constructor(pulumiCommand = 'pnpm pulumi') {
    this.#command = `${pulumiCommand} config`;
  }

  /** The provider's project and region; both are required. */
  provider(given: { readonly project?: string | undefined; readonly region?: string | undefined }) {
    const { project = '', region = '' } = given;
    this.check('gcp:project', project, PROJECT_ID.pattern.test(project), PROJECT_ID.rule);
    this.check('gcp:region', region, REGION.pattern.test(region), REGION.rule);
    return { project, region };
  }

  /** Undefined when the setting is absent or empty. */
  text(key: string): string | undefined {
    return this.#config.get(key) || undefined;
  }

  flag(key: string, fallback: boolean): boolean {
    return this.#config.getBoolean(key) ?? fallback;
  }

  integer(key: string, fallback: number, min: number, max: number): number {
    const value = this.#config.getNumber(key) ?? fallback;
    const holds = Number.isInteger(value) && value >= min && value <= max;
    this.check(key, value, holds, `an integer from ${min} to ${max}`);
    return value;
  }

  oneOf<const Value extends string>(key: string, values: readonly Value[], fallback: Value): Value {
    const given = this.text(key) ?? fallback;
    const value = values.find((candidate) => candidate === given);
    this.check(key, given, value !== undefined, `one of ${values.join(', ')}`);
    return value ?? fallback;
  }

  matching(key: string, pattern: RegExp, rule: string): string {
    const value = this.text(key);
    this.check(key, value, value !== undefined && pattern.test(value), rule);
    return value ?? '';
  }

  /** Undefined when the setting is absent or empty. */
  optional(key: string, pattern: RegExp, rule: string): string | undefined {
    return this.text(key) === undefined ? undefined : this.matching(key, pattern, rule);
  }

  list(key: string, pattern: RegExp, rule: string): string[] {
    const value = this.#config.getObject<unknown>(key) ?? [];
    const holds =
      Array.isArray(value) && value.every((item) => typeof item === 'string' && pattern.test(item));
    this.check(key, value, holds, rule, `Write it under config: in Pulumi.${this.#stack}.yaml.`);
    return holds ? value : [];
  }

  /** Records "`key` is `value`: it must be `rule`. `hint`" unless the rule `holds`. */
  check(
    key: string,
    value: unknown,
    holds: boolean,
    rule: string,
    hint = `Run: ${this.#command} set -s ${this.#stack} ${key} VALUE`,
  ): void {
    if (holds) return;
    const found = value === undefined || value === '' ? 'is not set' : `is ${JSON.stringify(value)}`;
    this.#mistakes.push(`${key} ${found}: it must be ${rule}. ${hint}`);
  }

  /** Records a mistake when a setting is given that would have no effect. */
  refuse(key: string, isGiven: boolean, reason: string): void {
    if (!isGiven) return;
    this.#mistakes.push(`${key} has no effect: ${reason}. Run: ${this.#command} rm -s ${this.#stack} ${key}`);
  }

  /** Throws pulumi.RunError with every mistake. */
  throwIfWrong(): void {
    if (this.#mistakes.length === 0) return;
    throw new pulumi.RunError(
      `The configuration of stack "${this.#stack}" is invalid:\n  ${this.#mistakes.join('\n  ')}`,
    );
  }
}
