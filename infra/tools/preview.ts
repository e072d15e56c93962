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

/**
 * Compares what is deployed with the program, the image aside: that one is whichever the last deployment chose.
 * Throws CommandError, and what `pulumi` throws.
 */
export async function preview(stack: string, pulumi: PulumiCli): Promise<Preview> {
  await recall(stack, pulumi);
  const answer = (await pulumi.ask(['preview', '--stack', stack, '--refresh'])) as {
    readonly steps?: readonly { readonly op?: string; readonly urn?: string }[];
  };
  const changed = (answer.steps ?? []).filter(({ op }) => op !== 'same' && op !== 'read' && op !== 'refresh');
  const lines = changed.map(({ op = '?', urn = '?' }) => `${op.padEnd(20)} ${shortName(urn)}`);
  return { stack, text: lines.join('\n') || 'no changes', changes: changed.length };
}

/** `urn:pulumi:dev::records-platform::a$gcp:pubsub/topic:Topic::records` as `pubsub/topic:Topic records`. */
function shortName(urn: string): string {
  const [, , types = urn, name = ''] = urn.split('::');
  const type = types.split('$').at(-1) ?? types;
  return `${type.replace(/^gcp:/, '')} ${name}`;
}

export function markdownOf({ stack, text, changes }: Preview): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… and more: see the log` : text;
  // A fence that is longer than any in the text can not be closed by it.
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `### ${stack}: ${changes} ${changes === 1 ? 'change' : 'changes'}\n\n${fence}\n${shown}\n${fence}\n`;
}

/** Adds the preview to a file that a later step reads, and to the summary of the job where there is one. */
export async function report(preview: Preview, file: string | undefined, summary: string | undefined) {
  const text = `${markdownOf(preview)}\n`;
  for (const target of [file, summary]) if (target) await appendFile(target, text);
}
