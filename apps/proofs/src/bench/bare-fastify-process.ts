/** The process of `BareFastify`: sends the bytes that came by message, from memory, and does nothing else. */
import { once } from 'node:events';
import { fastify } from 'fastify';

// Whoever started it is gone.
process.once('disconnect', () => process.exit());
const [{ body, type }] = (await once(process, 'message')) as [{ body: string; type: string }];
const bytes = Buffer.from(body);
const app = fastify();
app.get('/', (_request, reply) => reply.type(type).send(bytes));
process.send?.(await app.listen({ port: 0, host: '127.0.0.1' }));
