// Shows fields as logfmt, for records without a message.
/** Longer texts are cut by the limit of messages anyway. */
const MAX_VALUE_LENGTH = 200

/** `status=502 path="/pay me"`; nested values as JSON. `{}` when there are no fields, so that no message is empty. */
export function compactLogfmt(fields: { readonly [name: string]: unknown }): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${nameText(name)}=${valueText(value)}`)
  return pairs.length === 0 ? '{}' : pairs.join(' ')
}

function nameText(name: string): string {
  return /^[^\s="]+$/.test(name) ? name : JSON.stringify(name)
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const short = text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH).toWellFormed()}…` : text
  return /^[^\s="]+$/.test(short) ? short : JSON.stringify(short)
}
