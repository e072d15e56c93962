import { Type } from '@sinclair/typebox';
import { applied } from '../resource-type.ts';

const Inputs = Type.Object(
  {
    project: Type.Optional(Type.String()),
    region: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const NO_CREDENTIALS = 'the local cloud asks for no credentials';

export const provider = applied({
  effect: 'its project and region apply to the resources that use it',
  inputs: Inputs,
  shared: true,
  notEmulated: {
    zone: 'no emulated resource lies in a zone',
    accessToken: NO_CREDENTIALS,
    credentials: NO_CREDENTIALS,
    impersonateServiceAccount: NO_CREDENTIALS,
    impersonateServiceAccountDelegates: NO_CREDENTIALS,
    scopes: NO_CREDENTIALS,
    billingProject: 'nothing is billed',
    userProjectOverride: 'nothing is billed',
    requestReason: 'there is no audit log',
    requestTimeout: 'calls do not leave this process',
    batching: 'calls do not leave this process',
    disableGooglePartnerName: 'nobody counts the calls',
    googlePartnerName: 'nobody counts the calls',
    addPulumiAttributionLabel: 'the label is in the outputs only',
    addTerraformAttributionLabel: 'the label is in the outputs only',
    pulumiAttributionLabelAdditionStrategy: 'the label is in the outputs only',
  },
  refused: { defaultLabels: 'default labels are not emulated: declare labels on each resource' },
  defaults: ({ inputs }) => inputs,
  outputs: ({ logicalName }) => ({ id: logicalName }),
});
