/** Starting a daybook on a store. */
import type { AppFace } from './app-face.ts';
import type { DaybookFaces } from './faces.ts';
import type { StoreAdapter } from './store-adapter.ts';

export interface StartOptions {
  readonly store: StoreAdapter;
}

export function start(_faces: DaybookFaces, _options: StartOptions): Promise<AppFace> {
  return Promise.reject(new Error('Starting is not there yet.'));
}
