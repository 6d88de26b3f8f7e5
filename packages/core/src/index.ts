export { exportLog, TRANSFER_LINE_BYTES_MAX, TRANSFER_VERSION, type ExportOptions } from './store/transfer.ts';
export {
  importLog,
  type ImportOptions,
  type ImportProgress,
  type ImportRefusal,
  type ImportReport,
} from './store/import-log.ts';
export type { TransferSource } from './store/transfer-lines.ts';
