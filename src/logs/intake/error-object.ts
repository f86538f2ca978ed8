// Reads the error objects that loggers send: pino's and bunyan's `err`, ECS's `error`, an `exception` with its stack.

/** The parts of an error object; missing texts are empty. `rest` is the object without its stack. */
export type ErrorObject = { type: string; message: string; stack: string; rest: { [name: string]: unknown } }

/** Reads an error object; null for any other value. */
export function readErrorObject(value: unknown): ErrorObject | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const error = value as { [name: string]: unknown }
  const rest: { [name: string]: unknown } = { ...error }
  const stack = firstText(error, rest, ['stack', 'stack_trace', 'stacktrace', 'stackTrace', 'StackTrace', 'trace'])
  const kept = {}
  return {
    type: firstText(error, kept, ['type', 'name', 'kind', 'class', 'ClassName']),
    message: firstText(error, kept, ['message', 'msg', 'Message', 'value']),
    stack,
    rest,
  }
}

/** A stack as text: some loggers send its lines as a list. */
export function stackText(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.every(line => typeof line === 'string') ? value.join('\n') : ''
}

function firstText(
  from: { [name: string]: unknown },
  drop: { [name: string]: unknown },
  names: readonly string[],
): string {
  for (const name of names) {
    const text = Object.hasOwn(from, name) ? stackText(from[name]) : ''
    if (text === '') continue
    delete drop[name]
    return text
  }
  return ''
}
