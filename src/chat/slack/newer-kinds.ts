// The newer kinds of blocks that a message may use.

/** What a workspace may refuse; each has an older form. `slack_file` is a picture inside of a message. */
export const NEWER_KINDS = ['rich_text', 'table', 'slack_file'] as const
export type NewerKind = (typeof NEWER_KINDS)[number]
