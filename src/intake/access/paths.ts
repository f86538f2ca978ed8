// Paths as clients write them: with a slash at the end, or two where a base URL and a path were put together.
import { getPath } from 'hono/utils/url'

/** The path that routes are found by: decoded, without slashes at its end, and with one at its beginning. */
export function routedPath(request: Request): string {
  return plainPath(getPath(request))
}

/** The path of a URL as it was sent, with one slash at its beginning and without the query. By hand: parsing costs more. */
export function pathIn(url: string): string {
  let begin = url.indexOf('/', url.indexOf('//') + 2)
  while (url.charCodeAt(begin + 1) === SLASH) begin++
  const end = url.indexOf('?', begin)
  return end < 0 ? url.slice(begin) : url.slice(begin, end)
}

/** A path without slashes at its end, and with one at its beginning. */
export function plainPath(path: string): string {
  const isPlain = path.length === 1 || (path.charCodeAt(path.length - 1) !== SLASH && path.charCodeAt(1) !== SLASH)
  if (isPlain) return path
  let end = path.length
  while (end > 1 && path.charCodeAt(end - 1) === SLASH) end--
  let begin = 0
  while (begin + 1 < end && path.charCodeAt(begin + 1) === SLASH) begin++
  return path.slice(begin, end)
}

const SLASH = 47
