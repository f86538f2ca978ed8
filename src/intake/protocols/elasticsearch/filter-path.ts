// The parameter `filter_path` of Elasticsearch, by which clients ask for the parts of an answer that they read. Pure.

type Path = readonly string[]
const MAX_PATHS = 20
/** More of the names that stand for any depth would multiply the work. */
const MAX_DEEP_NAMES = 1

/**
 * The parts of `value` that a filter names: paths with commas, where `*` is any name, `**` any depth, and `-` before a path
 * leaves it out. Lists are passed through. Source: "Response filtering" in the common options of Elasticsearch's REST API.
 */
export function filterPaths(value: object, filter: string): object {
  const paths = filter
    .split(',')
    .map(path => path.trim())
    .filter(path => path !== '' && path.split('**').length - 1 <= MAX_DEEP_NAMES)
    .slice(0, MAX_PATHS)
  const included = paths.filter(path => !path.startsWith('-')).map(path => path.split('.'))
  const excluded = paths.filter(path => path.startsWith('-')).map(path => path.slice(1).split('.'))
  const kept = included.length > 0 ? pick(value, included) : value
  return (excluded.length > 0 ? omit(kept, excluded) : kept) ?? {}
}

/** What the paths name; undefined for nothing. */
function pick(value: unknown, paths: readonly Path[]): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const kept = value.map(item => pick(item, paths)).filter(item => item !== undefined)
    return kept.length > 0 ? kept : undefined
  }
  const kept: { [name: string]: unknown } = {}
  for (const [name, inner] of Object.entries(value)) {
    const rests = paths.flatMap(path => restsAfter(path, name))
    const part = rests.some(rest => rest.length === 0) ? inner : rests.length > 0 ? pick(inner, rests) : undefined
    if (part !== undefined) kept[name] = part
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}

/** The value without what the paths name. */
function omit(value: unknown, paths: readonly Path[]): object | undefined {
  if (typeof value !== 'object' || value === null) return value as undefined
  if (Array.isArray(value)) return value.map(item => omit(item, paths))
  const kept: { [name: string]: unknown } = {}
  for (const [name, inner] of Object.entries(value)) {
    const rests = paths.flatMap(path => restsAfter(path, name))
    if (!rests.some(rest => rest.length === 0)) kept[name] = rests.length > 0 ? omit(inner, rests) : inner
  }
  return kept
}

/** What is left of a path below `name`; nothing where it does not lead there. */
function restsAfter([head, ...rest]: Path, name: string): Path[] {
  if (head === undefined) return []
  if (head === '**' && rest.length === 0) return [[]]
  if (head === '**') return [[head, ...rest], ...restsAfter(rest, name)]
  return matches(head, name) ? [rest] : []
}

function matches(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true
  const star = pattern.indexOf('*')
  if (star < 0) return false
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)
}
