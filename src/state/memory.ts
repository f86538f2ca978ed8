// The names of the in-memory caches beside the database.

/** The caches; see `State.memory`. */
export type MemoryName =
  | 'active silences'
  | 'checks by uuid'
  | 'keys in use'
  | 'projects by name'
  | 'projects by log name'
  | 'log series'
  | 'series of the minute'
  | 'arrived'
  | 'rules'
  | 'baselines'
  | 'usual lines'
  | 'usual metrics'
  | 'sources'
  | 'zones of sources'
  | 'log formats'
  | 'series of a project'
  | 'all series'
  | 'series of rules'
  | 'spool totals'
