import { appendFile } from 'node:fs/promises';
import { type Command, reasonOf, UserError, verb } from '@records/cli';
import { type Pulumi, pulumi, stackOption } from '@records/stack';

/** Characters shown of a preview: a comment at GitHub holds 65,536, for three stacks. */
const SHOWN = 20_000;

export function addPreview(ops: Command): void {
  verb(ops, 'preview', {
    summary: 'compare a stack with the program',
    description:
      'Compares the deployed stack with the program, and changes nothing. Shows resources and their properties, replacements and deletions first.',
    more: 'GITHUB_STEP_SUMMARY, which GitHub sets, gets the result, too.',
    example: 'pnpm ops preview -s dev',
  })
    .addOption(stackOption())
    .option('--out <file>', 'add the result to this file, as Markdown; also a failure to compare')
    .option('--expect-no-changes', 'exit code 1 when there are changes')
    .action(async ({ stack, out, expectNoChanges }) => {
      const { text, changes } = await reportPreview(stack, pulumi, [out, process.env.GITHUB_STEP_SUMMARY]);
      process.stdout.write(`${text}\n`);
      if (expectNoChanges && changes > 0) {
        throw new UserError(`stack ${stack} differs from its program in ${changes} resources`);
      }
    });
}

interface Preview {
  readonly stack: string;
  readonly text: string;
  readonly changes: number;
}

/** A step as `pulumi preview --json` prints it. https://www.pulumi.com/docs/iac/cli/commands/pulumi_preview/ */
interface Step {
  readonly op?: string;
  readonly urn?: string;
  /** By path, such as `template.containers[0].image`; `kind` is update, add-replace, … */
  readonly detailedDiff?: Readonly<Record<string, { readonly kind?: string }>> | null;
  /** Properties, where the provider tells no paths. */
  readonly diffReasons?: readonly string[] | null;
  readonly replaceReasons?: readonly string[] | null;
}

const UNCHANGED = ['same', 'read', 'refresh'];
/** Parts of a replacement, which also has a step `replace`. */
const PARTS = ['create-replacement', 'delete-replaced'];
/** Steps that remove something come first. */
const ORDER = ['replace', 'delete', 'update', 'import', 'create'];

/** Compares the deployed stack with the program, which keeps the image and the traffic. Throws UserError. */
export async function preview(stack: string, pulumi: Pulumi): Promise<Preview> {
  const answer = (await pulumi.ask(['preview', '--stack', stack, '--refresh'])) as {
    readonly steps?: readonly Step[];
  };
  const steps = answer.steps ?? [];
  const replaced = steps.filter(({ op }) => op === 'replace').map(({ urn }) => urn);
  const changed = steps
    .filter(({ op = '', urn }) => !UNCHANGED.includes(op) && !(PARTS.includes(op) && replaced.includes(urn)))
    .sort((a, b) => rank(a) - rank(b));
  return { stack, text: changed.flatMap(linesOf).join('\n') || 'no changes', changes: changed.length };
}

function rank({ op = '' }: Step): number {
  const at = ORDER.indexOf(PARTS.includes(op) ? 'replace' : op);
  return at < 0 ? ORDER.length : at;
}

/** The resource and its changed properties. Not their values, which could be secret. */
function linesOf({ op = '?', urn = '?', detailedDiff, diffReasons, replaceReasons }: Step): string[] {
  const properties = detailedDiff
    ? Object.entries(detailedDiff).map(([path, { kind = '?' }]) => [kind, path] as const)
    : [...new Set([...(replaceReasons ?? []), ...(diffReasons ?? [])])].map(
        (path) => [replaceReasons?.includes(path) ? 'update-replace' : 'update', path] as const,
      );
  return [
    `${op.padEnd(20)} ${shortName(urn)}`,
    ...properties.map(([kind, path]) => `  ${kind.padEnd(18)}   ${path}`),
  ];
}

/** `urn:pulumi:dev::records-platform::a$gcp:pubsub/topic:Topic::records` as `pubsub/topic:Topic records`. */
function shortName(urn: string): string {
  const [, , types = urn, name = ''] = urn.split('::');
  const type = types.split('$').at(-1) ?? types;
  return `${type.replace(/^gcp:/, '')} ${name}`;
}

export function markdownOf({ stack, text, changes }: Preview): string {
  return block(`${stack}: ${changes} ${changes === 1 ? 'change' : 'changes'}`, text);
}

function block(title: string, text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… and more: see the log` : text;
  // The text cannot close a fence that is longer than any of its own.
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `### ${title}\n\n${fence}\n${shown}\n${fence}\n\n`;
}

/** Compares a stack and appends the result, or the failure, to each file as Markdown. Throws UserError. */
export async function reportPreview(
  stack: string,
  pulumi: Pulumi,
  files: readonly (string | undefined)[],
): Promise<Preview> {
  const write = async (text: string) => {
    for (const file of files) if (file) await appendFile(file, text);
  };
  try {
    const result = await preview(stack, pulumi);
    await write(markdownOf(result));
    return result;
  } catch (error) {
    const reason = `${reasonOf(error)}\nThe log of the run has the full output.`;
    await write(block(`${stack}: could not be compared`, reason));
    throw error;
  }
}
