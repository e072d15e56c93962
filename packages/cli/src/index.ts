export { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
export { asTyped } from './as-typed.ts';
export { colour } from './colour.ts';
export { type Interruption, interruption } from './interruption.ts';
export { integer, nearest } from './parsers.ts';
export { type About, EXIT, main, printError, program, verb } from './program.ts';
export { oneLine, table } from './table.ts';
export { reasonOf, UserError } from './user-error.ts';
