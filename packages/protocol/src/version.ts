/**
 * The version of everything in this package. A server takes frames of its own version and refuses others by name; a
 * change of any schema raises it, and `history` gains a line.
 */
export const PROTOCOL_VERSION = 1;

/** What changed with each version, and the SHA-256 of all schemas then (a test compares the last). */
export const protocolHistory: readonly {
  readonly version: number;
  readonly says: string;
  readonly sha256: string;
}[] = [
  {
    version: 1,
    says: 'Commands, decisions, queries, history, whole-version live queries.',
    sha256: 'cb2c2abb6a925f9309a6a6481065177bd1443bf795af9cb067b246eb61151da8',
  },
];
