// Matches texts against patterns in which `*` stands for any characters: ignoring case, in linear time.

/**
 * A test for texts against `pattern`, ignoring case; `*` matches any number of characters, also none. An empty text means
 * "missing", which only an empty pattern matches, so that `host:*` finds the lines that have a host.
 */
export function wildcardTest(pattern: string): (text: string) => boolean {
  const parts = foldCase(pattern).split('*')
  if (parts.length === 1) return text => foldCase(text) === parts[0]
  return text => text !== '' && matchesParts(parts, foldCase(text))
}

/** How case is ignored in values of fields and attributes; a store that indexes values folds them with this. */
export function foldCase(text: string): string {
  return text.toLowerCase()
}

function matchesParts(parts: readonly string[], text: string): boolean {
  const first = parts[0]!
  const last = parts.at(-1)!
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  // The leftmost place of each part leaves the most room to the next, so nothing is tried twice.
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
