// Reads the short texts of a line: names of sources and hosts, groups and tags.
import { clean, truncateBytes } from './clean.ts'

const MAX_NAME_LENGTH = 200
const MAX_TAGS = 50

/** A name from a text, a number or an object with a `name` or `id`; empty for any other value. */
export function nameText(value: unknown): string {
  if (typeof value === 'string') return truncateBytes(clean(value.trim()), MAX_NAME_LENGTH)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const { name, id } = value as { [name: string]: unknown }
  const inner = name ?? id
  return typeof inner === 'string' ? nameText(inner) : ''
}

/** `prod/api/auth` without empty parts. */
export function readGroup(text: string): string {
  if (!text.includes('/')) return text
  const parts = text.split('/').map(part => part.trim())
  return parts.filter(part => part !== '').join('/')
}

/** Tags from a list or a text with commas; each once. Null for any other value. */
export function readTags(value: unknown): readonly string[] | null {
  const list = typeof value === 'string' ? value.split(',') : typeof value === 'number' ? [value] : value
  if (!Array.isArray(list)) return null
  const tags = new Set<string>()
  for (const item of list) {
    const tag = nameText(item)
    if (tag !== '') tags.add(tag)
    if (tags.size === MAX_TAGS) break
  }
  return [...tags]
}
