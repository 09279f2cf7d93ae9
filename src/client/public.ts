// The package's subpath `vigie/client`: the API of the service and its signed callbacks, for Node.

export type { components, paths } from './api.generated.js';
export {
  createClient,
  type Item,
  type ItemReceipt,
  type VigieClient,
  type VigieClientOptions,
} from './create-client.js';
export type { ItemFile } from './item-form.js';
export { type ClientErrorCode, VigieProblem } from './problem.js';
export {
  type OrderData,
  type ReceivedCallback,
  type VerifyCallbackOptions,
  verifyCallback,
} from './verify-callback.js';
