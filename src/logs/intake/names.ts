// Reads the short texts of a line: names of sources and hosts, groups and tags.
import type { Batch } from '../store.ts'
import { clean, truncateBytes } from './clean.ts'

const MAX_NAME_LENGTH = 200
const MAX_TAGS = 50

/** A name from a text, a number or an object with a `name` or `id`; empty for any other value. */
export function nameText(value: unknown): string {
  if (typeof value === 'string') return isPlainName(value) ? value : truncateBytes(clean(value.trim()), MAX_NAME_LENGTH)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const { name, id } = value as { [name: string]: unknown }
  const inner = name ?? id
  return typeof inner === 'string' ? nameText(inner) : ''
}

/** Longer texts may have more bytes than a name, once they are beyond ASCII. */
const MAX_PLAIN_LENGTH = 66

/** Whether a text is a name as it stands, which almost every one is: short, of visible ASCII, without space around it. */
function isPlainName(text: string): boolean {
  const { length } = text
  if (length > MAX_PLAIN_LENGTH || text.charCodeAt(0) === SPACE || text.charCodeAt(length - 1) === SPACE) return false
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code < SPACE || code > LAST_VISIBLE) return false
  }
  return true
}

const SPACE = 32
const LAST_VISIBLE = 126
const SLASH = 47

/** `prod/api/auth` without empty parts. */
export function readGroup(text: string): string {
  if (isPlainGroup(text)) return text
  const parts = text.split('/').map(part => part.trim())
  return parts.filter(part => part !== '').join('/')
}

/** Whether a group has no part that is empty or has space around it. */
function isPlainGroup(text: string): boolean {
  if (!text.includes('/')) return true
  let before = SLASH
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code <= SPACE || code > LAST_VISIBLE || (code === SLASH && before === SLASH)) return false
    before = code
  }
  return before !== SLASH
}

/** Tags from a list or a text with commas; each once. Null for any other value. */
export function readTags(value: unknown): readonly string[] | null {
  const list = typeof value === 'string' ? value.split(',') : typeof value === 'number' ? [value] : value
  if (!Array.isArray(list)) return null
  if (list.length === 1) {
    const tag = nameText(list[0])
    return tag === '' ? [] : [tag]
  }
  const tags = new Set<string>()
  for (const item of list) {
    const tag = nameText(item)
    if (tag !== '') tags.add(tag)
    if (tags.size === MAX_TAGS) break
  }
  return [...tags]
}

/** What a request says of lines that do not say it themselves, as short and clean as the names of a line. */
export function cleanDefaults({ source, host, group, tags, level }: Batch['defaults']): Batch['defaults'] {
  return {
    ...(source === undefined ? {} : { source: nameText(source) }),
    ...(host === undefined ? {} : { host: nameText(host) }),
    ...(group === undefined ? {} : { group: nameText(group) }),
    ...(level === undefined ? {} : { level }),
    ...(tags === undefined ? {} : { tags: readTags(tags) ?? [] }),
  }
}
