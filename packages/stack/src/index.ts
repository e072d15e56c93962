// Without Google's clients, which take half a second to load: those are `@records/stack/clients` and `/leases`.
export { deployedOutputs, deployedStack } from './deployed-stack.ts';
export { type Deployment, readDeployment } from './deployment.ts';
export { findStack, isProduction, type StackChoice } from './find-stack.ts';
export { isObject } from './is-object.ts';
export {
  describedStack,
  localStack,
  removeStackFile,
  runningStack,
  STACK_FILE,
  STACK_FILE_NAME,
  type StackDescription,
  writeStackFile,
} from './local-stack.ts';
export { quotedTable, type StackOutputs } from './outputs.ts';
export { INFRA, LOCAL_FOLDER, LOCAL_IMAGE, PROJECT, REPOSITORY } from './project.ts';
export { type Pulumi, pulumi, pulumiIn } from './pulumi.ts';
export { readCommand, runCommand } from './run-command.ts';
export { settingsFile } from './settings.ts';
export {
  LOCAL,
  lastPart,
  settingsOption,
  stackFileOption,
  stackNames,
  stackOption,
  targetOption,
} from './stack-option.ts';
export { type Account, type Accounts, type Target, targetOf } from './target.ts';
