/**
 * The version of everything in this package. A server takes frames of its own version and refuses others by name; a
 * change of any schema raises it, and `history` gains a line.
 */
export const PROTOCOL_VERSION = 2;

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
  {
    version: 2,
    says: 'Live queries say what they read and where they stand; streams are watched; own commands are asked for.',
    sha256: 'e8b371d0d047fb4e57824e5d9b4a8dab64fd199769c9c343b2712181a3977915',
  },
];
