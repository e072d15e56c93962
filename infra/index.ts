import { Ingestion } from './src/components/ingestion.ts';
import { RecordsApi } from './src/components/records-api.ts';
import { Warehouse } from './src/components/warehouse.ts';
import { readConfig } from './src/config.ts';

const config = readConfig();

const warehouse = new Warehouse('records', config);
const ingestion = new Ingestion('records', { ...config, warehouse });
const api = new RecordsApi('records-api', { ...config, warehouse });

export const project = config.project;
export const region = config.region;
export const apiUrl = api.url;
export const topic = ingestion.topic.id;
export const table = warehouse.tableName;
export const deadLetterSubscription = ingestion.deadLetterSubscription.id;
export const revision = api.revision;
export const canaryUrl = api.canaryUrl;
export const loadBalancerAddress = api.loadBalancer?.address;
