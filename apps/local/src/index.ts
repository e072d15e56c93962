export { clientsOf } from './clients.ts';
export { Console } from './console.ts';
export { LocalStack, type LocalStackOptions, type StackOutputs } from './local-stack.ts';
export { descriptionOf, runningStack, type StackDescription } from './stack-file.ts';
