import { randomUUID } from 'node:crypto';
import { DeliveryError } from '../errors.ts';

/**
 * The lines that set outputs of a step. A value can not end itself early, since its delimiter is not known to it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
 */
export function outputLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const end = `end-${randomUUID()}`;
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join('');
}

/** An image by its digest, in two parts, as an attestation takes it. Throws DeliveryError. */
export function subjectOf(image: string): { name: string; digest: string } {
  const [, name, digest] = /^([^@\s]+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
  if (name === undefined || digest === undefined) {
    throw new DeliveryError(`"${image}" is not an image by its digest: HOST/PROJECT/records/api@sha256:…`);
  }
  return { name, digest };
}
