import { listPage } from '../page.ts';
import { type Method, method, ONE_TABLE, refused } from './method.ts';
import { INT32, STRING } from './types.ts';

const POLICIES = `${ONE_TABLE}/rowAccessPolicies`;

export const ROW_ACCESS_POLICY_METHODS: readonly Method[] = [
  method(
    'rowAccessPolicies.list',
    'GET',
    POLICIES,
    { pageSize: INT32, pageToken: STRING },
    async (bigquery, { path, query }) => {
      await bigquery.getTable(path.datasetId, path.tableId);
      const { items } = listPage([], { maxResults: query.pageSize, pageToken: query.pageToken }, 'policies');
      return { rowAccessPolicies: items };
    },
  ),
  refused('rowAccessPolicies.insert', 'POST', POLICIES),
  refused('rowAccessPolicies.batchDelete', 'POST', `${POLICIES}:batchDelete`),
  refused('rowAccessPolicies.get', 'GET', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.update', 'PUT', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.delete', 'DELETE', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.getIamPolicy', 'POST', `${POLICIES}/{policyId}:getIamPolicy`),
  refused('rowAccessPolicies.testIamPermissions', 'POST', `${POLICIES}/{policyId}:testIamPermissions`),
];
