import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.ts';
import { CloudRun } from '../../src/cloud-run/cloud-run.ts';

// Runs a service until it is killed, and prints the address. Ends with the test, whose end closes standard input.
const cwd = fileURLToPath(new URL('.', import.meta.url));
const cloudRun = new CloudRun({
  projectId: 'shop-local',
  projectNumber: '1234',
  location: 'southamerica-west1',
  images: { shop: { command: process.execPath, args: ['container.mjs'], cwd } },
  environment: {},
  tokenFor: () => 'token',
  refusalOf: () => undefined,
  clock: systemClock,
  onEvent: () => undefined,
});
const { uri } = await cloudRun.deploy(
  {
    service: 'shop',
    image: 'host/shop:1',
    environment: {},
    startupProbe: undefined,
    livenessProbe: undefined,
    serviceAccount: undefined,
  },
  'r1',
);
console.log(uri);
process.stdin.resume().once('end', () => cloudRun.close());
