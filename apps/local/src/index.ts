export { clientsOf } from './clients.ts';
export { Console } from './console.ts';
export { LocalStack, type LocalStackOptions } from './local-stack.ts';
