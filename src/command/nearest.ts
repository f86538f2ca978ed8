// The names that were probably meant by a word with a slip in it.
import { distance } from 'fastest-levenshtein'

/** How many letters may be wrong, missing or extra; two swapped letters count as two. */
const MAX_DISTANCE = 2
const MAX_SUGGESTIONS = 3

/** The names nearest to what was typed, at most three and equally near; `typedFor` gives the part that a name is compared with. */
export function nearestOf(names: readonly string[], typedFor: (name: string) => string): string[] {
  const rated = names
    .map(name => ({ name, edits: distance(name, typedFor(name)) }))
    .filter(({ name, edits }) => edits <= MAX_DISTANCE && edits * 2 < name.length)
  const least = Math.min(...rated.map(({ edits }) => edits))
  return rated.flatMap(({ name, edits }) => (edits === least ? [name] : [])).slice(0, MAX_SUGGESTIONS)
}
