import type { NewPolicy, Policy } from '../../iam.ts';
import { invalid } from '../errors.ts';
import { type Method, ONE_TABLE, withBody } from './method.ts';
import { ANY, FIELD_MASK, INT32, listOf, message, STRING } from './types.ts';

const BINDING = message<NonNullable<NewPolicy['bindings']>[number]>('Binding', () => ({
  role: STRING,
  members: listOf(STRING),
  condition: ANY,
}));

const POLICY = message<NewPolicy>('Policy', () => ({ etag: STRING, bindings: listOf(BINDING) }), {
  inert: { version: INT32 },
  refused: ['auditConfigs'],
});

const SET_POLICY = message<{ policy?: NewPolicy }>('SetIamPolicyRequest', () => ({ policy: POLICY }), {
  // A mask chooses audit logs, which no policy has here.
  inert: { updateMask: FIELD_MASK },
});

/** Every version of a policy is the same, because conditions are refused. */
const GET_POLICY = message('GetIamPolicyRequest', () => ({}), { inert: { options: ANY } });

const TEST_PERMISSIONS = message<{ permissions?: readonly string[] }>('TestIamPermissionsRequest', () => ({
  permissions: listOf(STRING),
}));

export const TABLE_POLICY_METHODS: readonly Method[] = [
  withBody(
    'tables.getIamPolicy',
    'POST',
    `${ONE_TABLE}:getIamPolicy`,
    {},
    GET_POLICY,
    async (bigquery, { path }) => shownPolicy(bigquery.tablePolicy(path.datasetId, path.tableId)),
  ),
  withBody(
    'tables.setIamPolicy',
    'POST',
    `${ONE_TABLE}:setIamPolicy`,
    {},
    SET_POLICY,
    async (bigquery, { path, body }) => {
      if (!body.policy) throw invalid('Required parameter is missing: policy');
      return shownPolicy(bigquery.setTablePolicy(path.datasetId, path.tableId, body.policy));
    },
  ),
  withBody(
    'tables.testIamPermissions',
    'POST',
    `${ONE_TABLE}:testIamPermissions`,
    {},
    TEST_PERMISSIONS,
    async (bigquery, { path, body: { permissions = [] }, access }) => {
      const { datasetId, tableId } = path;
      const held = bigquery.testTablePermissions(datasetId, tableId, permissions, access);
      return held.length > 0 ? { permissions: held } : {};
    },
  ),
];

/** Without fields at their default. */
function shownPolicy({ version, etag, bindings }: Policy): object {
  return { etag, ...(bindings.length > 0 && { version, bindings }) };
}
