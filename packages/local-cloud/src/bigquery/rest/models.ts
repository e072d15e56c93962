import { listPage } from '../page.ts';
import { type Method, method, ONE_DATASET, PAGING, refused } from './method.ts';

const MODELS = `${ONE_DATASET}/models`;

export const MODEL_METHODS: readonly Method[] = [
  // Always empty. `bq ls` asks for models and row access policies as well as tables.
  method('models.list', 'GET', MODELS, PAGING, async (bigquery, { path, query }) => {
    await bigquery.getDataset(path.datasetId);
    const { items } = listPage([], query, 'models');
    return { models: items };
  }),
  refused('models.get', 'GET', `${MODELS}/{modelId}`),
  refused('models.patch', 'PATCH', `${MODELS}/{modelId}`),
  refused('models.delete', 'DELETE', `${MODELS}/{modelId}`),
];
