import type { ErrorInfo } from '../../errors.ts';
import { errorType } from './protos.ts';

export const ERROR_INFO = 'google.rpc.ErrorInfo';

const STATUS = errorType('Status');
const INFO = errorType('ErrorInfo');

/** The value of `grpc-status-details-bin`. https://grpc.io/docs/guides/error/#richer-error-model */
export function statusDetails(code: number, message: string, info: ErrorInfo): Buffer {
  const detail = { type_url: `type.googleapis.com/${ERROR_INFO}`, value: INFO.encode(info).finish() };
  return Buffer.from(STATUS.encode({ code, message, details: [detail] }).finish());
}
