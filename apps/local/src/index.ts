export { clientsOf } from './clients.ts';
export { LocalStack, type LocalStackOptions } from './local-stack.ts';
export { Terminal } from './terminal.ts';
