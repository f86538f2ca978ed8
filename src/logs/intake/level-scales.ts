// The scale of the numbers that mean a level: by the name of the field, and by what else the logger writes.
import type { Fields } from '../formats/format.ts'

/** The loggers whose numbers have a scale of their own; `any` is told apart by size alone. */
export type LevelScale = 'otel' | 'python' | 'dotnet' | 'etw' | 'jul' | 'monolog' | 'gcp' | 'logback' | 'any'

/** The scale of the level under `name` in a record. */
export function levelScaleOf(name: string, record: Fields): LevelScale {
  const value = record[name]
  if (typeof value !== 'number' && !(typeof value === 'string' && /^ ?\d+ ?$/.test(value))) return 'any'
  switch (name.length > 15 ? '' : name.toLowerCase()) {
    case 'severity_number':
    case 'severitynumber':
      return 'otel'
    case 'levelno':
      return 'python'
    case 'loglevel':
    case 'log_level':
      return 'dotnet'
    case 'level_value':
    case 'levelint':
      return 'logback'
  }
  const number = Number(value)
  if (number >= 5_000) return 'logback'
  if (hasAny(record, ETW_NAMES) && number <= 5) return 'etw'
  if (number < 100) return 'any'
  if (number > 800 || hasAny(record, JUL_NAMES)) return 'jul'
  return name === 'severity' ? 'gcp' : 'monolog'
}

const ETW_NAMES = ['EventID', 'EventId', 'event_id', 'ProviderName', 'winlog']
const JUL_NAMES = ['loggerName', 'sourceClassName', 'sourceMethodName', 'millis', 'loggerClassName']

function hasAny(record: Fields, names: readonly string[]): boolean {
  return names.some(name => Object.hasOwn(record, name))
}
