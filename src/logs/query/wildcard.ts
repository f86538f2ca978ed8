// Whether a text fits a value in which `*` stands for anything: letter case aside, in linear time.

/**
 * A test for texts against `pattern`. Letter case does not count; `*` fits any run of characters, none included. An empty
 * text means "not given", which only an empty pattern fits, so that `host:*` finds the lines that have a host.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const parts = foldCase(pattern).split('*')
  if (parts.length === 1) return text => foldCase(text) === parts[0]
  return text => text !== '' && fitsParts(parts, foldCase(text))
}

/** How letter case is set aside for the values of fields and attributes; a store that indexes values folds them so. */
export function foldCase(text: string): string {
  return text.toLowerCase()
}

function fitsParts(parts: readonly string[], text: string): boolean {
  const first = parts[0]!
  const last = parts.at(-1)!
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  // The leftmost place for each part leaves the most room to the next, so nothing needs trying twice.
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
