/** Runs before `pnpm pulumi`, so that `$(pnpm --silent pulumi …)` never reads what the installer prints. */
import { EXIT, printError } from '@records/cli';
import { INFRA } from './project.ts';
import { installPulumi } from './pulumi.ts';

try {
  await installPulumi(INFRA);
} catch (error) {
  printError(error);
  process.exitCode = EXIT.failed;
}
