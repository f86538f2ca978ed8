// The fields whose values a partition of an earlier layout lists.

export const LISTED_FIELDS = ['project', 'source', 'host', 'group', 'tag'] as const
export type ListedField = (typeof LISTED_FIELDS)[number]
