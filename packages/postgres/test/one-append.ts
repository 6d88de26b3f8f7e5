/** The smallest append. */
import type { AppendRequest, ExpectedRevision } from '@daybook/core';

export function oneAppend(
  id: string,
  stream = 'account-a',
  expected: ExpectedRevision = 'any',
): AppendRequest {
  const event = { id: `${id}.0`, type: 'Moved', schemaVersion: 1, data: { id }, metadata: {} };
  return { id, streams: [{ stream, expected, events: [event] }] };
}
