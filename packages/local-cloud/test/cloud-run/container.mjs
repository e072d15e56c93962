// The command of a test image: a server that returns its environment and misbehaves as BEHAVIOUR says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const { BEHAVIOUR, PORT } = process.env;

console.log('{"severity":"INFO","message":"starting"}');
if (BEHAVIOUR === 'exits') {
  console.error('GREETING is not set');
  process.exit(3);
}
if (BEHAVIOUR === 'ignores SIGTERM') process.on('SIGTERM', () => console.log('SIGTERM ignored'));
if (BEHAVIOUR === 'has a child') {
  const program = "console.log('the child runs'); setInterval(() => {}, 1000)";
  await once(spawn(process.execPath, ['-e', program], { stdio: 'inherit' }), 'spawn');
}

let healthy = BEHAVIOUR !== 'is never ready';
createServer(async (request, response) => {
  if (request.url === '/health') return response.writeHead(healthy ? 200 : 503).end();
  if (request.url === '/header')
    return response.writeHead(request.headers['x-probe'] === 'yes' ? 200 : 400).end();
  if (request.url === '/hang') return;
  if (request.url === '/identity') return response.end(JSON.stringify(await identity()));
  if (request.url === '/sicken') healthy = false;
  if (request.url === '/crash') process.exit(1);
  response.end(JSON.stringify({ pid: process.pid, environment: process.env }));
}).listen(Number(PORT), () => console.log('listening'));

/** The identity of this container for Google's own library. */
async function identity() {
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  const client = await auth.getClient();
  const { token } = await client.getAccessToken();
  return { project: await auth.getProjectId(), ...(await auth.getCredentials()), token };
}
