import { Analytics } from './src/components/analytics.ts';
import { Ingestion } from './src/components/ingestion.ts';
import { Monitoring } from './src/components/monitoring.ts';
import { Privacy } from './src/components/privacy.ts';
import { Prober } from './src/components/prober.ts';
import { RecordsApi } from './src/components/records-api.ts';
import { fullName, Warehouse } from './src/components/warehouse.ts';
import { readConfig } from './src/config.ts';
import { readDeployment } from './src/last-deployment.ts';
import { patience } from './src/patience.ts';

const settings = readConfig();
const config = { ...settings, patience: patience(settings) };
const { image, rollout } = await readDeployment();

const warehouse = new Warehouse('records', config);
new Analytics('records-analytics', { ...config, warehouse });
const ingestion = new Ingestion('records', { ...config, warehouse });
new Privacy('records-privacy', { ...config, image, warehouse, ingestion });
const api = new RecordsApi('records-api', { ...config, image, rollout, warehouse });
const prober = config.prober && new Prober('records-probe', { ...config, image, warehouse, ingestion, api });
if (config.monitoring) {
  const { projectNumber } = ingestion;
  new Monitoring('records', { ...config, ...config.monitoring, api, projectNumber });
}

export default {
  project: config.project,
  region: config.region,
  apiUrl: api.url,
  topic: ingestion.topic.id,
  publishers: config.publishers,
  analysts: config.analysts,
  table: warehouse.tableName,
  amendments: fullName(warehouse.amendments),
  scratch: warehouse.scratchName,
  ...(prober && { probeTopic: prober.topic.id, probeTable: prober.tableName }),
  deadLetterSubscription: ingestion.deadLetterSubscription.id,
  apiKeysSecret: api.keys.secret.id,
  revision: api.revision,
  image,
  ...rollout,
  ...(api.canaryUrl && { canaryUrl: api.canaryUrl }),
  ...(api.loadBalancer && { loadBalancerAddress: api.loadBalancer.address }),
};
