import { UserError } from '@records/cli';

/** Splits an image by its digest in two, as an attestation takes it. Throws UserError. */
export function subjectOf(image: string): { name: string; digest: string } {
  const [, name, digest] = /^([^@\s]+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
  if (name !== undefined && digest !== undefined) return { name, digest };
  throw new UserError(`"${image}" is not an image by its digest: HOST/PROJECT/records/api@sha256:…`);
}
