// The names under which rows and what follows from them are kept in memory beside the database.

/** What is kept in memory. */
export type MemoryName =
  | 'checks by uuid'
  | 'keys in use'
  | 'projects by name'
  | 'log series'
  | 'kinds of the minute'
  | 'arrived'
  | 'rules'
  | 'usual peaks'
  | 'sources'
  | 'series of a project'
  | 'all series'
  | 'series of rules'
  | 'usual shares'
