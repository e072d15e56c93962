/** Runs Pub/Sub in a process that a test can kill: `node broker.ts FOLDER`. Sends its host once it listens. */
import { systemClock } from '../../src/clock.ts';
import { Iam } from '../../src/iam.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import { PubSubServer } from '../../src/pubsub/server.ts';

const unused = () => Promise.reject(new Error('the broker has no warehouse'));
const pubsub = await PubSub.open({
  path: process.argv[2] ?? '',
  clock: systemClock,
  iam: new Iam(),
  warehouse: { tableSchema: unused, tableLocation: unused, appendRows: unused },
  projectNumber: () => '1',
});
const { host } = await PubSubServer.listen(pubsub, { port: 0 });
process.send?.({ host });
