import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { applied, type Declared } from '../resource-type.ts';
import { DeletionPolicy, withProject } from './common.ts';

const Inputs = Type.Object(
  {
    accountId: Type.Optional(Type.String()),
    project: Type.Optional(Type.String()),
    displayName: Type.Optional(
      Type.String({ maxLength: 100, description: 'text of at most 100 characters' }),
    ),
    description: Type.Optional(Type.String()),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const account = applied({
  effect: 'an account for grants and services',
  inputs: Inputs,
  notEmulated: {
    createIgnoreAlreadyExists: 'only this program creates accounts',
  },
  refused: {
    disabled: 'the local cloud cannot disable an account',
  },
  autoname: 'accountId',
  defaults: withProject,
  resourceName: nameOf,
  outputs(declared) {
    const id = nameOf(declared);
    const email = emailOf(declared);
    return { id, name: id, email, member: `serviceAccount:${email}`, uniqueId: uniqueId(email) };
  },
});

function emailOf({ inputs, context }: Declared<Inputs>): string {
  return `${inputs.accountId}@${inputs.project ?? context.project}.iam.gserviceaccount.com`;
}

function nameOf(declared: Declared<Inputs>): string {
  const { inputs, context } = declared;
  return `projects/${inputs.project ?? context.project}/serviceAccounts/${emailOf(declared)}`;
}

/** 21 digits, as at Google; here equal for equal addresses. */
function uniqueId(email: string): string {
  const number = createHash('sha256').update(email).digest().readBigUInt64BE();
  return `1${number.toString().padStart(20, '0')}`;
}
