import { Type } from '@sinclair/typebox';
import { type Applied, applied } from '../resource-type.ts';
import { DeletionPolicy, withProject } from './common.ts';

const BYTES_PER_MIB = 2 ** 20;
/** The only quota that is emulated: bytes that queries of a user or an account bill a day. Its unit is MiB. */
const METRIC = 'bigquery.googleapis.com%2Fquota%2Fquery%2Fusage';
const LIMIT = '%2Fd%2Fproject%2Fuser';
/** Google's name of the override of a limit without dimensions. */
const NAME = 'Cg1RdW90YU92ZXJyaWRl';

/** https://docs.cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics.limits.consumerOverrides */
const Inputs = Type.Object(
  {
    service: Type.Literal('bigquery.googleapis.com'),
    metric: Type.Literal(METRIC, { description: `"${METRIC}", the only quota that is emulated` }),
    limit: Type.Literal(LIMIT, { description: `"${LIMIT}", the only limit that is emulated` }),
    overrideValue: Type.String({
      pattern: '^(-1|\\d+)$',
      description: 'text such as "1024", or "-1" for no limit',
    }),
    force: Type.Optional(Type.Boolean()),
    project: Type.Optional(Type.String()),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const consumerQuotaOverride = applied({
  effect: 'QueryUsagePerUserPerDay of BigQuery: what each account may be billed a day',
  inputs: Inputs,
  notEmulated: {},
  refused: { dimensions: 'the limit has none' },
  defaults: withProject,
  outputs({ inputs: { project, service, metric, limit }, context }) {
    const parent = `projects/${project ?? context.project}/services/${service}`;
    const id = `${parent}/consumerQuotaMetrics/${metric}/limits/${limit}/consumerOverrides/${NAME}`;
    return { id, name: NAME };
  },
  check: ({ inputs: { force, overrideValue } }) =>
    force || overrideValue === '-1'
      ? []
      : [
          {
            property: 'force',
            message: 'it must be true: Google refuses to lower a quota by more than 10 %',
          },
        ],
  create: define,
  update: define,
  // The local BigQuery keeps no quota.
  resume: define,
  async delete({ cloud }) {
    cloud.bigquery.limitQueries(undefined);
  },
});

async function define({ cloud, inputs: { overrideValue } }: Applied<Inputs>): Promise<undefined> {
  cloud.bigquery.limitQueries(overrideValue === '-1' ? undefined : Number(overrideValue) * BYTES_PER_MIB);
}
