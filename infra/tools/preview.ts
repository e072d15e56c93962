import { appendFile } from 'node:fs/promises';
import { recall } from './last-deployment.ts';
import type { PulumiCli } from './pulumi-cli.ts';

/** Characters of a preview that are shown: three of them fit into one comment of GitHub's 65,536. */
const SHOWN = 20_000;

/** What `pulumi preview` says of a stack. */
export interface Preview {
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
/** Parts of one replacement, which has a step `replace`, too. */
const PARTS = ['create-replacement', 'delete-replaced'];
/** What takes something away comes first. */
const ORDER = ['replace', 'delete', 'update', 'import', 'create'];

/**
 * Compares what is deployed with the program, the image aside: that one is whichever the last deployment chose.
 * Throws CommandError, and what `pulumi` throws.
 */
export async function preview(stack: string, pulumi: PulumiCli): Promise<Preview> {
  await recall(stack, pulumi);
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

/** The resource, and the properties that differ. No values: they could be anything. */
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
  // A fence that is longer than any in the text can not be closed by it.
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `### ${title}\n\n${fence}\n${shown}\n${fence}\n\n`;
}

/**
 * Compares, and adds the result to each file that is named: one that a later step reads, the summary of the job. That it could
 * not compare is a result. Throws what preview throws.
 */
export async function reportPreview(
  stack: string,
  pulumi: PulumiCli,
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
    const reason = error instanceof Error ? error.message : String(error);
    await write(
      block(`${stack}: could not be compared`, `${reason}\nThe log of the run has what was printed.`),
    );
    throw error;
  }
}
