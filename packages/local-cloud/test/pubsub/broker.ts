/** A Pub/Sub in a process of its own, to be killed: `node broker.ts FOLDER`. Sends its host when it listens. */
import { systemClock } from '../../src/clock.ts';
import { Iam } from '../../src/iam.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import { PubSubServer } from '../../src/pubsub/server.ts';

const nowhere = () => Promise.reject(new Error('there is no warehouse'));
const pubsub = await PubSub.open({
  path: process.argv[2] ?? '',
  clock: systemClock,
  iam: new Iam(),
  warehouse: { tableSchema: nowhere, tableLocation: nowhere, appendRows: nowhere },
  projectNumber: () => '1',
});
const { host } = await PubSubServer.listen(pubsub, { port: 0 });
process.send?.({ host });
