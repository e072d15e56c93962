import { listPage } from '../page.ts';
import { type Method, method, PAGING, PROJECT } from './method.ts';

export const PROJECT_METHODS: readonly Method[] = [
  method('projects.list', 'GET', 'projects', PAGING, async (bigquery, { query }) => {
    const { projectId, projectNumber } = bigquery;
    const project = {
      kind: 'bigquery#project',
      id: projectId,
      numericId: projectNumber,
      friendlyName: projectId,
      projectReference: { projectId },
    };
    const { items, ...rest } = listPage([project], query, 'projects');
    return { kind: 'bigquery#projectList', projects: items, totalItems: 1, ...rest };
  }),
  method('projects.getServiceAccount', 'GET', `${PROJECT}/serviceAccount`, {}, async ({ projectNumber }) => ({
    kind: 'bigquery#getServiceAccountResponse',
    email: `bq-${projectNumber}@bigquery-encryption.iam.gserviceaccount.com`,
  })),
];
