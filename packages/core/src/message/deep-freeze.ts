/** Freezes a JSON-like value with all its members, and gives it back: what is shared must not be changed by a handler. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) freezeMembers(value);
  return value;
}

function freezeMembers(value: object): void {
  Object.freeze(value);
  for (const member of Object.values(value)) {
    // What is frozen was frozen here, with all its members.
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) {
      freezeMembers(member);
    }
  }
}
