// The log of Vakt itself: one JSON object per line on standard error, without secrets.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Writes one line with `facts` as fields. An error is written as its message, at level debug as its stack. */
export type Logger = Record<LogLevel, (message: string, facts?: Record<string, unknown>) => void>

/**
 * A logger that writes lines at `level` and above through `write` (default: standard error). Every string in `secrets`
 * (tokens and keys of the configuration) is replaced by `[hidden]`.
 */
export function createLogger(
  level: LogLevel,
  secrets: readonly string[] = [],
  write: (line: string) => void = line => process.stderr.write(`${line}\n`),
): Logger {
  const hidden = secrets.filter(secret => secret.length >= 8)
  const at = (wanted: LogLevel) => (message: string, facts?: Record<string, unknown>) => {
    if (LOG_LEVELS.indexOf(wanted) < LOG_LEVELS.indexOf(level)) return
    let line = JSON.stringify({ time: new Date().toISOString(), level: wanted, message, ...facts }, plain(level))
    for (const secret of hidden) line = line.replaceAll(secret, '[hidden]')
    write(line)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A logger that writes nothing, for tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

function plain(level: LogLevel) {
  return (_key: string, value: unknown) => {
    if (value instanceof Error) return level === 'debug' ? (value.stack ?? value.message) : value.message
    if (typeof value === 'bigint') return value.toString()
    return value
  }
}
