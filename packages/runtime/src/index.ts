export { ConfigError, configOrExit, readEnvironment } from './environment.ts';
export { emulatorCredentials, Google, type GoogleRequest } from './google.ts';
export { excerpt, readStrings, type StringIssue, type StringsResult } from './strings.ts';
export { parseTableName, quoteTableName, type TableName } from './table-name.ts';
export { SHARED_VARIABLES } from './variables.ts';
