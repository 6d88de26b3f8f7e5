/**
 * Which events of a log are meant: OR between `items`; inside an item types AND tags, where any one of its `types` and
 * all of its `tags` must match. An item without types matches every type; one without tags, every tag set.
 *
 * A query with no items matches nothing; "every event" is the absence of a query.
 */
export interface EventQuery {
  readonly items: readonly EventQueryItem[];
}

export interface EventQueryItem {
  readonly types?: readonly string[];
  readonly tags?: readonly string[];
}

/** True when the event is meant by the query; `undefined` means every event. */
export function matches(
  query: EventQuery | undefined,
  event: { readonly type: string; readonly tags?: readonly string[] | undefined },
): boolean {
  return query === undefined || query.items.some((item) => matchesItem(item, event));
}

function matchesItem(
  { types, tags }: EventQueryItem,
  event: { readonly type: string; readonly tags?: readonly string[] | undefined },
): boolean {
  if (types !== undefined && !types.includes(event.type)) return false;
  return tags === undefined || tags.every((tag) => event.tags?.includes(tag) === true);
}
