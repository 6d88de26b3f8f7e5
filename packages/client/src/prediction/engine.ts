/**
 * The part of the client that runs the application's own code: fetched beside the rest, and only where there are
 * definitions to run, so that a page which only reads does not pay for it.
 */
export { Overlay } from './overlay.ts';
export { Predictor } from './predict.ts';
